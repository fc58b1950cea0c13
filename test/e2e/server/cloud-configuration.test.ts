import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { silentLog } from "#core";
import { startService, type WorkerService } from "../../../src/worker/service/service.ts";
import type { Asker } from "../../../src/server/line/worker-lines.ts";
import { testServer, type TestServer } from "../../kit/server.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers, patience } from "../../kit/units.ts";

const admin: Asker = {
  ...{ userId: "u1", name: "ada", roles: ["admin"], level: "admin", methods: ["pwd"], loggedInAt: 1, session: "s1" },
};

beforeAll(builtHelpers);

/** A worker with nothing but its environment, started again as often as it wants. */
async function cloudWorker(server: TestServer, folder: TempFolder, name: string) {
  const labels = { "farhand/config": "web" };
  const { token } = await server.core.enrolments.make({ name, labels }, "u1");
  const env = {
    ...{ WORKER_SERVER_URL: server.url, WORKER_TOKEN: token, WORKER_CONFIG: "web", WORKER_NAME: name },
    ...{ WORKER_STATE_DIR: folder.file(name), XDG_RUNTIME_DIR: folder.file(`${name}-run`) },
  };
  let service: WorkerService | undefined;
  let starts = 0;
  const running = (async () => {
    for (let how = "restart"; how === "restart"; ) {
      starts++;
      service = await startService({ env: { ...env }, log: silentLog });
      how = await service.ended;
      await service.close(how === "restart" ? "restarting" : "stopped");
    }
  })();
  return {
    starts: () => starts,
    async [Symbol.asyncDispose]() {
      await service?.close("stopped");
      void running;
    },
  };
}

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
  await using worker = await cloudWorker(server, folder, "pod");
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
