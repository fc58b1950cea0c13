import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLog, systemClock } from "#core";
import { apiKit, eventually, openAnswer, streamPair, type TestApi, type TestUser } from "../../../test/kit/api.ts";
import { canMount, smallDisk } from "../../../test/kit/small-disk.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { sealWith } from "../auth/seal.ts";
import { Recordings } from "../recording/recordings.ts";
import { type RecordingMode, recordingRules } from "../recording/rules.ts";

const kit = apiKit();

let temp: TempFolder;
beforeEach(async () => {
  temp = await tempFolder();
});
afterEach(() => temp[Symbol.asyncDispose]());

/** An API that records, and a worker whose shells and services are the test's. */
async function recordingApi(mode: RecordingMode, folder = temp.file("recordings")) {
  const audited: { actor: string; action: string; subject: string }[] = [];
  const recordings = new Recordings({
    folder,
    seal: sealWith(Buffer.alloc(32, 7)),
    rules: () => recordingRules({ "record.shell": mode, "record.tcp": mode }),
    audit: { record: async (actor, action, subject) => void audited.push({ actor, action, subject }) },
    clock: systemClock,
    log: silentLog,
  });
  const api = await kit.open({ recordings });
  const pairs: Duplex[] = [];
  api.lines.output = () => {
    const { server, worker } = streamPair();
    pairs.push(worker);
    return { result: { shell: "AbCd1234" }, stream: server };
  };
  api.lines.answer = () => ({ exitCode: 0 });
  return { api, recordings, audited, pairs, root: await api.user("root", "admin"), worker: await api.worker("w1") };
}

/** A shell of `user` with this on its screen. */
async function shell(api: TestApi, user: TestUser, worker: string, pairs: Duplex[], screen: string) {
  const socket = await api.socket(`/api/workers/${worker}/shell`, user.auth);
  expect(await socket.next()).toEqual({ opened: "AbCd1234" });
  pairs.at(-1)?.write(screen);
  expect((await socket.bytes()).toString()).toBe(screen);
  return socket;
}

async function idOf(api: TestApi, { auth }: TestUser, query = ""): Promise<string> {
  const { json } = await api.ask("GET", `/api/recordings${query}`, { auth });
  return String(json.items[0]?.["id"]);
}

const lines = (text: string): unknown[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

describe("a terminal that is recorded (CAT-122)", () => {
  test("is listed while it goes on, watched, and there afterwards; what is typed is not in it", async () => {
    const { api, pairs, root, worker } = await recordingApi("strict");
    await using _ = api;
    const socket = await shell(api, root, worker, pairs, "$ ");
    socket.socket.send(Buffer.from("a password\r"));
    const id = await idOf(api, root, "?live=true");
    const watching = await openAnswer(api.port, "GET", `/api/recordings/${id}/content?follow=true`, root);
    expect(watching.headers["content-type"]).toBe("application/x-asciicast");
    let watched = "";
    watching.on("data", (chunk: Buffer) => (watched += chunk.toString()));
    await eventually(() => watched).toContain('"o","$ "');
    pairs[0]?.write("hello");
    await eventually(() => watched).toContain('"o","hello"');
    socket.socket.send(JSON.stringify({ resize: { rows: 40, columns: 90 } }));
    await eventually(() => watched).toContain('"r","90x40"');
    pairs[0]?.end();
    await socket.closed;
    await eventually(() => watching.complete).toBe(true);
    const { json } = await api.ask("GET", `/api/recordings/${id}`, root);
    expect(json).toMatchObject({ state: "whole", kind: "shell", user: { name: "root" }, worker: { name: "w1" } });
    const { text } = await api.ask("GET", `/api/recordings/${id}/content`, root);
    expect(lines(text)).toMatchObject([
      { version: 2, width: 80, height: 24 },
      [expect.any(Number), "o", "$ "],
      [expect.any(Number), "o", "hello"],
      [expect.any(Number), "r", "90x40"],
    ]);
    expect(text).not.toContain("password");
  });

  test("is nobody's to read but who may read the audit; and who has read it stands there", async () => {
    const { api, pairs, root, worker } = await recordingApi("strict");
    await using _ = api;
    (await shell(api, root, worker, pairs, "secret")).socket.close();
    const id = await idOf(api, root);
    for (const role of ["viewer", "operator", "configurer"] as const) {
      const { auth } = await api.user(role, role);
      for (const path of ["", `/${id}`, `/${id}/content`, `/${id}/content?follow=true`]) {
        const answer = await api.ask("GET", `/api/recordings${path}`, { auth });
        expect(answer, `${role} ${path}`).toMatchObject({ status: 403, json: { code: "LEVEL_TOO_LOW" } });
      }
    }
    expect(await api.ask("GET", `/api/recordings/${id}/content`)).toMatchObject({ status: 401 });
    for (const other of [`${id}x`, "..", "%2e%2e%2fserver.secret", "x".repeat(65), id.replace(/.$/, "g")])
      expect([400, 404], other).toContain((await api.ask("GET", `/api/recordings/${other}/content`, root)).status);
    const only = { name: "auditor", scopes: ["audit:admin"], expiresAt: null };
    const { token } = await api.access.apiTokens.make(root.id, only);
    const auditor = { auth: { authorization: `Bearer ${token}` } };
    expect((await api.ask("GET", `/api/recordings/${id}/content`, auditor)).text).toContain("secret");
    const other = await api.access.apiTokens.make(root.id, { ...only, name: "other", scopes: ["workers:admin"] });
    const shown = { auth: { authorization: `Bearer ${other.token}` } };
    expect(await api.ask("GET", `/api/recordings/${id}/content`, shown)).toMatchObject({ status: 403 });
    const read = await api.store.db.selectFrom("audit").selectAll().where("action", "=", "recording.read").execute();
    expect(read).toMatchObject([{ actor: root.id, subject: id }]);
  });

  test("that was altered on disk breaks off where that begins, and is said to be altered", async () => {
    const { api, pairs, root, worker } = await recordingApi("strict");
    await using _ = api;
    const socket = await shell(api, root, worker, pairs, "first");
    pairs[0]?.end("second");
    await socket.closed;
    const id = await idOf(api, root);
    await eventually(() => readdirSync(temp.file("recordings")).length).toBe(1);
    const path = join(temp.file("recordings"), `${id}.recording`);
    const bytes = readFileSync(path);
    const alterAt = (at: number): void => writeFileSync(path, bytes.with(at, (bytes[at] ?? 0) ^ 1));
    // The last byte of what was on the screen: before the record that ends it, and its trailer.
    alterAt(bytes.length - 16 - bytes.readUInt32BE(bytes.length - 8) - 1);
    await expect(api.ask("GET", `/api/recordings/${id}/content`, root)).rejects.toThrow(/aborted|hang up/);

    alterAt(bytes.length - 40);
    expect((await api.ask("GET", `/api/recordings/${id}`, root)).json).toMatchObject({ state: "unreadable" });
    const refused = { status: 500, json: { code: "RECORDING_ALTERED" } };
    for (const query of ["", "?follow=true"])
      expect(await api.ask("GET", `/api/recordings/${id}/content${query}`, root)).toMatchObject(refused);
    writeFileSync(path, "no recording");
    expect(await api.ask("GET", `/api/recordings/${id}/content`, root)).toMatchObject(refused);
  });

  test("where the folder cannot be made: strict gives no shell, bestEffort one, and both are in the audit", async () => {
    writeFileSync(temp.file("file"), "in the way");
    for (const mode of ["strict", "bestEffort"] as const) {
      const { api, audited, pairs, root, worker } = await recordingApi(mode, temp.file("file"));
      await using _ = api;
      const socket = await api.socket(`/api/workers/${worker}/shell`, root.auth);
      if (mode === "strict") {
        expect(await socket.next()).toMatchObject({ problem: { code: "RECORDING_FAILED" } });
        expect(api.lines.asked).toEqual([]);
        expect(audited.map(({ action }) => action)).toEqual(["recording.refuse"]);
      } else {
        expect(await socket.next()).toEqual({ opened: "AbCd1234" });
        pairs[0]?.write("hello");
        expect((await socket.bytes()).toString()).toBe("hello");
        pairs[0]?.end();
        await socket.closed;
        await eventually(() => audited.map(({ action }) => action)).toEqual(["recording.begin", "recording.end"]);
      }
    }
  });
});

describe.skipIf(!canMount)("on a full disk (needs the right to mount one)", () => {
  test("strict: nobody sees what is not recorded; the stream ends and says why (CAT-122)", async () => {
    await using disk = await smallDisk("2m");
    const { api, pairs, root, worker, recordings } = await recordingApi("strict", disk?.file("recordings"));
    await using _ = api;
    const socket = await api.socket(`/api/workers/${worker}/tcp/db`, root.auth);
    await socket.next();
    pairs[0]?.write("while there was room");
    expect((await socket.bytes()).toString()).toBe("while there was room");
    disk?.fill();
    pairs[0]?.write(Buffer.alloc(60_000, "x"));
    expect(await socket.next()).toMatchObject({ problem: { code: "RECORDING_FAILED" } });
    expect(await socket.closed).toBe(4_503);
    const [entry] = await recordings.list({ limit: 1 });
    await eventually(() => pairs[0]?.destroyed).toBe(true);
    const { text } = await api.ask("GET", `/api/recordings/${entry?.id}/content`, root);
    expect(text).toContain(Buffer.from("while there was room").toString("base64"));
  });

  test("bestEffort: it goes on, and the recording says how much is missing where (CAT-122)", async () => {
    await using disk = await smallDisk("2m");
    const { api, pairs, root, worker } = await recordingApi("bestEffort", disk?.file("recordings"));
    await using _ = api;
    const socket = await shell(api, root, worker, pairs, "before ");
    disk?.fill();
    pairs[0]?.write(Buffer.alloc(60_000, "x"));
    for (let bytes = 0; bytes < 60_000; ) bytes += (await socket.bytes()).length;
    disk?.makeRoom();
    pairs[0]?.write("after");
    expect((await socket.bytes()).toString()).toBe("after");
    pairs[0]?.end();
    await socket.closed;
    const id = await idOf(api, root);
    await eventually(async () => (await api.ask("GET", `/api/recordings/${id}`, root)).json["state"]).toBe("whole");
    const told = lines((await api.ask("GET", `/api/recordings/${id}/content`, root)).text);
    expect(told.slice(1)).toMatchObject([
      [expect.any(Number), "o", "before "],
      [expect.any(Number), "m", expect.stringMatching(/^60000 bytes are missing here/)],
      [expect.any(Number), "o", "after"],
    ]);
  });
});
