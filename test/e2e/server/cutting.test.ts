import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Asker } from "../../../src/server/line/worker-lines.ts";
import { openAnswer, type TestSocket, type TestUser } from "../../kit/api.ts";
import { type TempFolder, tempFolder } from "../../kit/temp-folder.ts";
import { type JoinedWorker, type WholeServer, wholeServer } from "../../kit/whole-server.ts";

/** A unit that prints a number every 100 ms for a minute, followed by a user under a connection handle. */
interface Scene {
  readonly user: TestUser;
  readonly admin: TestUser;
  readonly worker: JoinedWorker;
  readonly control: TestSocket;
}

let folder: TempFolder;
let server: WholeServer;
let shed: JoinedWorker;
let barn: JoinedWorker;
let policy: string;
let users = 0;

beforeAll(async () => {
  folder = await tempFolder();
  policy = folder.file("policy.yaml");
  await writeFile(policy, "preset: open\n", { mode: 0o600 });
  server = await wholeServer({ policy });
  shed = await server.worker("shed");
  barn = await server.worker("barn");
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const asAdmin = ({ admin: { auth } }: Scene, method: string, path: string, body?: object) =>
  server.ask(method, path, { auth, ...(body && { body }) });
const other = "a lamp on the far hill";

const causes: readonly (readonly [cause: string, trigger: (scene: Scene) => Promise<unknown>])[] = [
  ["logout", ({ user: { auth } }) => server.ask("POST", "/api/logout", { auth })],
  ["the handle's WebSocket is closed", ({ control }) => closed(control)],
  ["the account is disabled", (scene) => asAdmin(scene, "PATCH", `/api/users/${scene.user.id}`, { disabled: true })],
  ["the role is changed", (scene) => asAdmin(scene, "PATCH", `/api/users/${scene.user.id}`, { role: "viewer" })],
  ["the role is restricted", (scene) => asAdmin(scene, "PATCH", `/api/users/${scene.user.id}`, { labels: { a: "b" } })],
  [
    "the password is changed",
    (scene) => asAdmin(scene, "POST", `/api/users/${scene.user.id}/password`, { password: other }),
  ],
  ["the second factor is reset", (scene) => asAdmin(scene, "DELETE", `/api/users/${scene.user.id}/factor`)],
  ["an admin ends the session", (scene) => asAdmin(scene, "DELETE", `/api/users/${scene.user.id}/sessions`)],
  [
    "the user ends it from elsewhere",
    async ({ user }) => {
      const { access } = server.running.core;
      const { token } = await access.sessions.open(user.id, { source: "127.0.0.1", client: "phone" }, false);
      await server.ask("DELETE", "/api/me/sessions", { auth: { authorization: `Bearer ${token}` } });
    },
  ],
  ["the user is removed", (scene) => asAdmin(scene, "DELETE", `/api/users/${scene.user.id}`)],
];

async function closed({ socket, closed: over }: TestSocket): Promise<void> {
  socket.close();
  await over;
}

/** What was received when the trigger was pulled, and in all. @throws when the stream ends in order: it was cut. */
async function cutBy(worker: JoinedWorker, trigger: (scene: Scene) => Promise<unknown>) {
  const n = ++users;
  const [user, admin] = [await server.user(`ann${n}`, "operator"), await server.user(`root${n}`, "admin")];
  const control = await server.socket("/api/connection", user.auth);
  const { connection } = await control.next();
  const body = { workType: "sh", payload: "i=0; while [ $i -lt 600 ]; do echo $i; i=$((i+1)); sleep 0.1; done" };
  const at = `/api/workers/${worker.workerId}/units`;
  const { json } = await server.ask("POST", at, { auth: user.auth, body });
  const headers = { "x-connection": String(connection) };
  const path = `${at}/${String(json["unit"])}/output?follow=true`;
  const answer = await openAnswer(server.port, "GET", path, { auth: user.auth, headers });
  const numbers: number[] = [];
  const over = new Promise<string>((resolve) => {
    answer.once("end", () => resolve("ended in order"));
    answer.once("error", () => resolve("cut"));
  });
  const tenth = new Promise<void>((resolve) =>
    answer.on("data", (chunk: Buffer) => {
      numbers.push(...chunk.toString().trim().split("\n").map(Number));
      if (numbers.length >= 10) resolve();
    }),
  );
  await tenth;
  await trigger({ user, admin, worker, control });
  const before = numbers.at(-1) ?? 0;
  expect(await over).toBe("cut");
  await server.running.core.entitledLines
    .call(worker.workerId, { method: "units.cancel", params: { unit: String(json["unit"]) } }, asker, soon())
    .catch(() => {});
  return { before, last: numbers.at(-1) ?? 0, user };
}

const soon = () => AbortSignal.timeout(60_000);
const asker: Asker = {
  ...{ userId: "u", name: "u", roles: ["admin"], level: "admin", methods: ["pwd"], loggedInAt: 1, session: "end" },
};

test.each(causes)("a stream ends within 20 numbers when %s (CAT-67)", { timeout: 90_000 }, async (_cause, trigger) => {
  const { before, last, user } = await cutBy(shed, trigger);
  expect(last - before).toBeLessThanOrEqual(20);
  // And nothing new begins with what was lost.
  const { status } = await server.ask("GET", `/api/workers/${shed.workerId}/units`, {
    auth: user.auth,
    headers: { "x-connection": "a".repeat(43) },
  });
  expect([401, 403]).toContain(status);
});

test("a stream ends within 20 numbers when the worker is removed (CAT-67)", { timeout: 90_000 }, async () => {
  const remove = (scene: Scene) => asAdmin(scene, "DELETE", `/api/workers/${barn.workerId}`);
  const { before, last } = await cutBy(barn, remove);
  expect(last - before).toBeLessThanOrEqual(20);
});

test("a stream ends within 20 numbers when the entitlement is lost (CAT-67)", { timeout: 90_000 }, async () => {
  const { before, last } = await cutBy(shed, () => writeFile(policy, "preset: locked\nremote.monitor: false\n"));
  // The file is looked at again by itself, and has no one to wait for.
  expect(last - before).toBeLessThanOrEqual(20);
});
