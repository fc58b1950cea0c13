import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import type { JsonObject } from "#core";
import { type ConfigUser, configUsers } from "../../../src/server/config/config-status.ts";
import { cloudWorker } from "../../kit/cloud-worker.ts";
import { testServer, type TestServer } from "../../kit/server.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { builtHelpers, patience } from "../../kit/units.ts";

beforeAll(builtHelpers);

const secret = { DOOR_HASH: "the hash of a password" };
/** A document that only workers with the variable in their environment can use. */
const needsSecret = { legacyPassword: { hash: { $secret: "env:DOOR_HASH" } } };

/** The workers of `web`, once it is as wanted with them. */
async function until({ core }: TestServer, isSo: (users: readonly ConfigUser[]) => boolean): Promise<ConfigUser[]> {
  const limit = patience();
  for (;;) {
    const users = await configUsers(core, "web");
    if (isSo(users)) return users;
    if (limit.aborted) throw new Error(`it is ${JSON.stringify(users)}`);
    await sleep(50);
  }
}

const outcomes = (users: readonly ConfigUser[]) =>
  users.map(({ name, running, outcome }) => [name, running, outcome?.outcome]);
const allAt = (version: number) => (users: readonly ConfigUser[]) =>
  users.length === 3 && users.every(({ running, outcome }) => running === version && outcome?.outcome === "applied");

async function threeWorkers(server: TestServer, folder: TempFolder) {
  const common = { server, folder, config: "web" };
  await server.core.configurations.put(
    "web",
    { document: { remoteAccess: { roles: { admin: "admin" } } }, ifMatch: 0 },
    "u1",
  );
  const workers: AsyncDisposable[] = [];
  workers.push(await cloudWorker({ ...common, name: "alpha", env: secret }));
  workers.push(await cloudWorker({ ...common, name: "beta", env: secret }));
  workers.push(await cloudWorker({ ...common, name: "gamma" }));
  await until(server, allAt(1));
  return {
    async [Symbol.asyncDispose]() {
      for (const worker of workers) await worker[Symbol.asyncDispose]();
    },
  };
}

const put = (server: TestServer, document: JsonObject, more: object = {}) =>
  server.core.configurations.put("web", { document, ifMatch: 1, ...more }, "u1");

test("a version that fails on one of three workers: two go by it, the third says why and keeps its own (CAT-77, CAT-79)", async () => {
  await using server = await testServer();
  await using folder = await tempFolder();
  await using _workers = await threeWorkers(server, folder);
  await put(server, needsSecret);
  const users = await until(server, (all) => all.every(({ outcome }) => outcome?.version === 2));
  expect(outcomes(users)).toEqual([
    ["alpha", 2, "applied"],
    ["beta", 2, "applied"],
    ["gamma", 1, "failed"],
  ]);
  expect(users[2]?.outcome?.detail).toMatch(/legacyPassword\/hash: the secret at env:DOOR_HASH cannot be read/);
  expect(users.map(({ state }) => state)).toEqual(["online", "online", "online"]);
});

test("a bad version that comes to one worker first touches no other, and is taken back by itself (CAT-80)", async () => {
  await using server = await testServer();
  await using folder = await tempFolder();
  await using _workers = await threeWorkers(server, folder);
  // The first one by name can use it, the last one cannot: its labels choose it.
  const { registry, rollouts } = server.core;
  const gamma = await registry.find("gamma");
  await registry.setLabels(gamma.id, { ...gamma.labels, ring: "first" }, "u1");
  const seen = new Set<string>();
  const canary = { choose: { labels: { ring: "first" } }, healthyForMs: 0 };
  await put(server, needsSecret, { canary });
  await until(server, (users) => {
    for (const { name, running } of users) if (running === 2) seen.add(name);
    return allAt(3)(users);
  });
  expect([...seen]).toEqual([]);
  expect(await rollouts.get("web")).toMatchObject({
    state: "failed",
    reason: expect.stringMatching(/^gamma does not take it/) as string,
  });
  // A good one comes to all.
  const good = { document: { remoteAccess: { roles: { viewer: "monitor" } } }, ifMatch: 3, canary };
  await server.core.configurations.put("web", good, "u1");
  await until(server, allAt(4));
  expect(await rollouts.get("web")).toMatchObject({ state: "done" });
});
