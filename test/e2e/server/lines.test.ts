import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Log, silentLog } from "#core";
import { decodeEnrolmentToken, methodTable } from "#fleet";
import { openServerCore, type ServerCore } from "../../../src/server/core.ts";
import type { Asker } from "../../../src/server/line/worker-lines.ts";
import { Identity } from "../../../src/worker/agent/identity.ts";
import { Instance } from "../../../src/worker/agent/instance.ts";
import { type ManagedWorker, startManagedWorker } from "../../../src/worker/agent/managed-worker.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers } from "../../kit/units.ts";

const log: Log = process.env["FLEET_LOG"]
  ? { ...silentLog, info: console.log, warn: console.log, error: console.log, debug: console.log }
  : silentLog;
const self = {
  ...{ name: "shed", labels: { site: "a" }, mode: "session" as const, version: "0.1.0" },
  ...{ capabilities: ["cat"], helperSlots: 4 },
};
const admin: Asker = {
  ...{ userId: "u1", name: "ada", roles: ["admin"], level: "admin", methods: ["pwd"], loggedInAt: 1, session: "s1" },
};
const signal = AbortSignal.timeout(110_000);

let folder: TempFolder;
let core: ServerCore;
let port: ReturnType<typeof createServer>;
let worker: ManagedWorker;
let workerId: string;

beforeAll(async () => {
  await builtHelpers();
  folder = await tempFolder();
  core = await openServerCore({
    dataDir: join(folder.path, "server"),
    store: { kind: "sqlite", path: join(folder.path, "server.db") },
    nodeId: "server",
    hosts: ["127.0.0.1", "localhost"],
    version: "0.1.0",
    log,
  });
  port = createServer(core.tls.options());
  port.on("upgrade", (request, socket, head) => core.guest.handle(request, socket as never, head));
  await new Promise<void>((resolve) => port.listen(0, "127.0.0.1", resolve));
  const serverUrl = `https://127.0.0.1:${(port.address() as AddressInfo).port}`;
  const identity = new Identity(join(folder.path, "worker"));
  const instance = new Instance(Date.now());
  const { token: text } = await core.enrolments.make({}, "u1");
  const { id, secret } = decodeEnrolmentToken(text);
  const said = instance.registration(identity.key(), core.entrance.challenge({ address: "127.0.0.1" }), self, {
    token: { id, secret },
  });
  const membership = identity.keep(await core.entrance.register(said, "127.0.0.1"), serverUrl);
  workerId = membership.workerId;
  worker = await startManagedWorker({
    ...{ identity, membership, instance, self, log },
    dataDir: join(folder.path, "units"),
    sections: [
      { "work-command": { worktype: "cat", command: "cat" } },
      // As long as its folder is there, so that no test leaves it behind.
      {
        "work-command": {
          worktype: "slow",
          command: "sh",
          params: `-c 'while [ -d ${folder.path} ]; do sleep 1; done'`,
        },
      },
    ],
    roads: [],
    roles: () => ({ admin: "admin", "*": "monitor" }),
    methods: async () => ({ table: methodTable([]), mayTake: () => true, close: () => {} }),
  });
  while (!core.lines.isConnected(workerId) || worker.agentState.state !== "registered") {
    signal.throwIfAborted();
    await sleep(20);
  }
}, 60_000);
afterAll(async () => {
  await worker?.close("stopped");
  await core?.close();
  port?.close();
  port?.closeAllConnections();
  await folder?.[Symbol.asyncDispose]();
});

async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

test("a unit submitted through the server runs on the worker, and its output comes back", async () => {
  const taken = (await core.lines.submit(workerId, { workType: "cat" }, chunks("hello ", "there"), admin, signal)) as {
    unit: string;
  };
  expect(taken).toEqual({ unit: expect.any(String) as string, state: "started" });
  const request = { method: "units.results", params: { unit: taken.unit, from: 0 } };
  const { stream } = await core.lines.open(workerId, request, admin, signal);
  expect((await buffer(stream)).toString()).toBe("hello there");
});

test("many at once get each their own", async () => {
  const texts = Array.from({ length: 20 }, (_, n) => `unit ${n} `.repeat(n * 50));
  await Promise.all(
    texts.map(async (text) => {
      const taken = await core.lines.submit(workerId, { workType: "cat" }, chunks(text), admin, signal);
      const request = { method: "units.results", params: { unit: (taken as { unit: string }).unit, from: 0 } };
      const { stream } = await core.lines.open(workerId, request, admin, signal);
      expect((await buffer(stream)).toString()).toBe(text);
    }),
  );
});

test("what a user may not do is refused by the worker, whatever the server grants", async () => {
  const viewer = { ...admin, roles: ["operator"], level: "operate" as const };
  await expect(core.lines.submit(workerId, { workType: "cat" }, chunks("x"), viewer, signal)).rejects.toMatchObject({
    code: "LEVEL_TOO_LOW",
  });
});

test("a refusal says what the worker said", async () => {
  const submitted = core.lines.submit(workerId, { workType: "none" }, chunks("x"), admin, signal);
  await expect(submitted).rejects.toMatchObject({ code: "WORK_TYPE_UNKNOWN" });
  const unit = { method: "units.results", params: { unit: "nothere1", from: 0 } };
  await expect(core.lines.open(workerId, unit, admin, signal)).rejects.toMatchObject({ code: "UNIT_NOT_FOUND" });
});

test("the end of a session ends its streams", async () => {
  const taken = await core.lines.submit(workerId, { workType: "slow" }, chunks(), admin, signal);
  const request = { method: "units.results", params: { unit: (taken as { unit: string }).unit, from: 0 } };
  const { stream } = await core.lines.open(workerId, request, { ...admin, session: "s2" }, signal);
  const over = new Promise((resolve) => stream.once("error", resolve));
  stream.resume();
  core.lines.cut("s2", "logged out");
  expect(await over).toMatchObject({ code: "SESSION_CUT" });
});

test("a worker that was removed is cut off, and stays away", async () => {
  const begun = performance.now();
  await core.registry.remove(workerId, "u1");
  while (core.mesh.hasRoute("shed")) {
    signal.throwIfAborted();
    await sleep(10);
  }
  expect(performance.now() - begun).toBeLessThan(30_000);
  expect(core.lines.isConnected(workerId)).toBe(false);
  const call = core.lines.call(workerId, { method: "hello", params: {} }, admin, signal);
  await expect(call).rejects.toMatchObject({ code: "WORKER_AWAY" });
  // Its road is dialled again and again, and refused.
  await sleep(1_500);
  expect(core.mesh.hasRoute("shed")).toBe(false);
});
