import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import type { UnitsPage } from "#fleet";
import type { Asker } from "../../../src/server/line/worker-lines.ts";
import { cloudWorker } from "../../kit/cloud-worker.ts";
import { testServer } from "../../kit/server.ts";
import { tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers, patience } from "../../kit/units.ts";

const admin: Asker = {
  ...{ userId: "u1", name: "ada", roles: ["admin"], level: "admin", methods: ["pwd"], loggedInAt: 1, session: "s1" },
};

beforeAll(builtHelpers);

test("CAT-17: the server's document has a worker watch a folder, and another one as soon as it says so", async () => {
  await using server = await testServer();
  await using folder = await tempFolder();
  const { configurations, lines, registry } = server.core;
  const workTypes = [{ worktype: "note", command: "echo", allowruntimeparams: true }];
  const watching = (name: string) => {
    mkdirSync(folder.file(name), { recursive: true });
    const watchers = [{ name, folder: folder.file(name), workType: "note", settle: "0s", every: "200ms" }];
    return { workTypes, watchers };
  };
  await configurations.put("web", { document: watching("first"), ifMatch: 0 }, "u1");
  await using worker = await cloudWorker({ server, folder, name: "pod", config: "web" });
  const limit = patience();
  const units = async () => {
    const pod = (await registry.list()).find(({ name }) => name === "pod");
    const { units } = (await lines.call(
      pod?.id ?? "",
      { method: "units.list", params: {} },
      admin,
      limit,
    )) as UnitsPage;
    return units.map(({ watcher, file, stateName }) => `${watcher}: ${file}: ${stateName}`).sort();
  };
  const until = async (wanted: readonly string[]) => {
    for (;;) {
      const now = await units().catch(() => []);
      if (JSON.stringify(now) === JSON.stringify(wanted)) return;
      if (limit.aborted) throw new Error(`waited in vain: ${JSON.stringify(now)}`);
      await sleep(100);
    }
  };
  writeFileSync(folder.file("first/a"), "");
  await until(["first: a: Succeeded"]);
  const starts = worker.starts();

  await configurations.put("web", { document: watching("second"), ifMatch: 1 }, "u1");
  writeFileSync(folder.file("second/b"), "");
  await until(["first: a: Succeeded", "second: b: Succeeded"]);
  expect(worker.starts()).toBe(starts);
});

test("CAT-17: what is wrong with a watched folder stands at the server, and is gone when it is right", async () => {
  await using server = await testServer();
  await using folder = await tempFolder();
  const { configurations, lines, registry, presence } = server.core;
  const watchers = [{ name: "inbox", folder: folder.file("later"), workType: "note", every: "200ms" }];
  const workTypes = [{ worktype: "note", command: "echo", allowruntimeparams: true }];
  await configurations.put("web", { document: { workTypes, watchers }, ifMatch: 0 }, "u1");
  await using _worker = await cloudWorker({ server, folder, name: "pod", config: "web" });
  const limit = patience();
  const pod = async () => (await registry.list()).find(({ name }) => name === "pod")?.id ?? "";
  const untilTrouble = async (wanted: RegExp) => {
    for (;;) {
      const trouble = presence.state(await pod())?.trouble ?? "none";
      if (wanted.test(trouble)) return;
      if (limit.aborted) throw new Error(`waited in vain: ${trouble}`);
      await sleep(100);
    }
  };
  const finding = async () => {
    const asked = { method: "worker.doctor", params: {} };
    const { findings } = (await lines.call(await pod(), asked, admin, limit)) as { findings: { check: string }[] };
    return findings.find(({ check }) => check === "watchers");
  };
  await untilTrouble(/^watcher inbox: .*later cannot be read: ENOENT/);
  expect(await finding()).toMatchObject({ kind: "warning", says: expect.stringContaining("ENOENT") as string });
  mkdirSync(folder.file("later"));
  await untilTrouble(/^none$/);
  expect(await finding()).toMatchObject({ kind: "ok", says: "1 watched folder" });
});
