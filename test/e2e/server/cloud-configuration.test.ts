import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import type { Asker } from "../../../src/server/line/worker-lines.ts";
import { cloudWorker } from "../../kit/cloud-worker.ts";
import { testServer, type TestServer } from "../../kit/server.ts";
import { tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers, patience } from "../../kit/units.ts";

const admin: Asker = {
  ...{ userId: "u1", name: "ada", roles: ["admin"], level: "admin", methods: ["pwd"], loggedInAt: 1, session: "s1" },
};

beforeAll(builtHelpers);

async function events({ core }: TestServer, name: string): Promise<string> {
  const worker = (await core.registry.list()).find((each) => each.name === name);
  const rows = await core.store.db
    .selectFrom("worker_event")
    .selectAll()
    .where("worker_id", "=", worker?.id ?? "")
    .execute();
  return rows.map(({ cause }) => cause).join("\n");
}

async function untilEvent(server: TestServer, name: string, what: RegExp): Promise<void> {
  const limit = patience();
  while (!what.test(await events(server, name))) {
    limit.throwIfAborted();
    await sleep(50);
  }
}

test("a worker takes the configuration that the server holds for it, and each new version (CAT-3, CAT-77, CAT-79)", async () => {
  await using server = await testServer();
  await using folder = await tempFolder();
  const { configurations, lines, registry } = server.core;
  const workType = (worktype: string) => ({ worktype, command: "echo", params: worktype });
  await configurations.put("web", { document: { workTypes: [workType("one")] }, ifMatch: 0 }, "u1");
  await using worker = await cloudWorker({ server, folder, name: "pod", config: "web" });
  await untilEvent(server, "pod", /configuration version 1 pending: takes effect after a (restart|drain)/);

  // With its first version it starts anew by itself, and offers the work.
  const limit = patience();
  const run = async (): Promise<string> => {
    const pod = (await registry.list()).find(({ name }) => name === "pod");
    const taken = await lines.submit(pod?.id ?? "", { workType: "one" }, (async function* () {})(), admin, limit);
    const request = { method: "units.results", params: { unit: (taken as { unit: string }).unit, from: 0 } };
    return (await buffer((await lines.open(pod?.id ?? "", request, admin, limit)).stream)).toString();
  };
  let output = "";
  while (output === "") {
    limit.throwIfAborted();
    output = await run().catch(async () => {
      await sleep(100);
      return "";
    });
  }
  expect(output).toBe("one\n");
  expect(worker.starts()).toBe(2);

  // A version that it cannot use is refused, and the old one stays.
  const bad = { workTypes: [{ worktype: "two", command: "" }] };
  await configurations.put("web", { document: bad, ifMatch: 1 }, "u1").catch(() => {});
  await configurations.put(
    "web",
    {
      document: { remoteAccess: { roles: { admin: "admin", viewer: "operate" } }, workTypes: [workType("one")] },
      ifMatch: (await configurations.get("web")).version,
    },
    "u1",
  );
  await untilEvent(server, "pod", /configuration version \d applied/);
  expect(await run()).toBe("one\n");
});

test("a worker gets no configuration but the one an administrator named for it, whatever it says of itself", async () => {
  await using server = await testServer();
  const { configurations, delivery } = { configurations: server.core.configurations, delivery: server.core.delivery };
  await configurations.put("secret", { document: { workTypes: [] }, ifMatch: 0 }, "u1");
  await server.worker("shed", []);
  const [shed] = await server.core.registry.list();
  expect(await delivery.fetch(shed?.id ?? "", { have: 0 })).toEqual({ state: "none" });
  await server.core.registry.setLabels(shed?.id ?? "", { "farhand/config": "secret" }, "u1");
  expect(await delivery.fetch(shed?.id ?? "", { have: 0 })).toMatchObject({ state: "new", name: "secret", version: 1 });
  expect(await delivery.fetch(shed?.id ?? "", { have: 1 })).toEqual({ state: "same" });
});
