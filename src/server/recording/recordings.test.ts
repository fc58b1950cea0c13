import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { silentLog } from "#core";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { sealWith } from "../auth/seal.ts";
import { recordingLines } from "./asciicast.ts";
import type { RecordingEvent } from "./events.ts";
import { Recordings } from "./recordings.ts";
import { type RecordingPolicy, recordingRules } from "./rules.ts";

const day = 24 * 60 * 60_000;
const never = new AbortController().signal;

let temp: TempFolder;
let now: number;
let policy: RecordingPolicy;
let rows: { actor: string; action: string; subject: string; detail: unknown }[];
beforeEach(async () => {
  temp = await tempFolder();
  now = 1_700_000_000_000;
  policy = { "record.tcp": "strict" };
  rows = [];
});
afterEach(() => temp[Symbol.asyncDispose]());

function recordings(key = Buffer.alloc(32, 1)): Recordings {
  return new Recordings({
    folder: temp.file("recordings"),
    seal: sealWith(key),
    rules: () => recordingRules(policy),
    audit: { record: async (actor, action, subject, detail) => void rows.push({ actor, action, subject, detail }) },
    clock: { now: () => now, elapsed: () => now },
    log: silentLog,
  });
}

const about = { worker: { id: "w1", name: "shed" }, user: { id: "u1", name: "ada" }, source: "192.0.2.7" };
const terminal = { ...about, kind: "shell" as const, rows: 24, columns: 80 };

/** One that is over. @returns its id. */
async function recorded(all: Recordings, ...chunks: string[]): Promise<string> {
  const one = await all.begin(terminal);
  for (const chunk of chunks) {
    now += 250;
    await one?.recorder.output(Buffer.from(chunk));
  }
  await one?.end("over");
  return (await all.list({ limit: 1 }))[0]?.id ?? "";
}

async function events(all: Recordings, id: string, follow = false): Promise<RecordingEvent[]> {
  const found: RecordingEvent[] = [];
  for await (const event of all.read(id, { follow, signal: never })) found.push(event);
  return found;
}

const fileOf = (id: string): string => join(temp.file("recordings"), `${id}.recording`);

describe("a recording", () => {
  test("is what crossed, in its order, with its times; of a terminal a cast that players know", async () => {
    const all = recordings();
    const one = await all.begin(terminal);
    now += 1_500;
    // A character may come in two parts.
    await one?.recorder.output(Buffer.from([0x68, 0xc3]));
    await one?.recorder.output(Buffer.from([0xa9]));
    await one?.recorder.resized({ rows: 30, columns: 100 });
    now += 500;
    await one?.end("over");
    const [entry] = await all.list({ limit: 5 });
    expect(entry).toMatchObject({ ...terminal, state: "whole", mode: "bestEffort", durationMs: 2_000, why: "over" });
    const lines: unknown[] = [];
    for await (const line of recordingLines(all.read(entry?.id ?? "", { signal: never }))) lines.push(JSON.parse(line));
    expect(lines).toEqual([
      { version: 2, width: 80, height: 24, timestamp: 1_700_000_000, title: `ada on shed (${entry?.id})` },
      [1.5, "o", "h"],
      [1.5, "o", "é"],
      [1.5, "r", "100x30"],
    ]);
  });

  test("of a TCP stream has both directions, in base64", async () => {
    const all = recordings();
    const one = await all.begin({ ...about, kind: "tcp", service: "db" });
    await one?.recorder.input(Buffer.from([0, 255]));
    await one?.recorder.output(Buffer.alloc(200_000, 9));
    await one?.end("SESSION_CUT");
    const [entry] = await all.list({ limit: 1 });
    const lines: { data?: string; from?: string }[] = [];
    for await (const line of recordingLines(all.read(entry?.id ?? "", { signal: never })))
      lines.push(JSON.parse(line) as object);
    const output = lines.filter(({ from }) => from === "worker").map(({ data = "" }) => Buffer.from(data, "base64"));
    expect(Buffer.concat(output)).toEqual(Buffer.alloc(200_000, 9));
    expect(lines[1]).toEqual({ at: 0, from: "client", data: Buffer.from([0, 255]).toString("base64") });
    expect(lines.at(-1)).toEqual({ at: 0, end: "SESSION_CUT" });
  });

  test("is made where the policy says so, for its owner alone, and nothing of it stands there as it is", async () => {
    const all = recordings();
    policy = { "record.shell": "off" };
    expect(await all.begin(terminal)).toBeUndefined();
    policy = {};
    expect(await all.begin({ ...about, kind: "tcp", service: "db" })).toBeUndefined();
    const id = await recorded(all, "the secret of the terminal");
    expect(statSync(fileOf(id)).mode & 0o777).toBe(0o600);
    expect(statSync(temp.file("recordings")).mode & 0o777).toBe(0o700);
    for (const word of ["secret", "ada", "shed"]) expect(readFileSync(fileOf(id)).includes(word)).toBe(false);
    expect(await recordings(Buffer.alloc(32, 2)).find(id)).toMatchObject({ id, state: "unreadable" });
    await expect(events(recordings(Buffer.alloc(32, 2)), id)).rejects.toMatchObject({ code: "SEALED_UNREADABLE" });
  });

  test("is begun, ended and removed in the audit: by that a file that was cut or taken away is missed", async () => {
    const id = await recorded(recordings(), "a", "b");
    expect(rows).toEqual([
      {
        actor: "u1",
        action: "recording.begin",
        subject: id,
        detail: { worker: "w1", kind: "shell", mode: "bestEffort" },
      },
      {
        ...{ actor: "u1", action: "recording.end", subject: id },
        detail: {
          ...{ worker: "w1", kind: "shell", mode: "bestEffort", why: "over", missedBytes: 0, records: 4 },
          size: statSync(fileOf(id)).size,
        },
      },
    ]);
  });
});

describe("a recording that was altered on disk", () => {
  test("anywhere, by a bit, is noticed: it is read as it was or not at all", async () => {
    const all = recordings();
    const id = await recorded(all, "first", "second");
    const good = readFileSync(fileOf(id));
    const whole = await events(all, id);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] ?? 0) ^ (1 << bit);
        writeFileSync(fileOf(id), bad);
        const read = await events(all, id).catch((error: { code: string }) => error.code);
        const isWhole = Array.isArray(read) && read.at(-1)?.kind === "end";
        expect(isWhole, `byte ${at}`).toBe(false);
      }),
      { numRuns: 300 },
    );
    writeFileSync(fileOf(id), good);
    expect(await events(all, id)).toEqual(whole);
  });

  test("by cutting it off, or adding to it", async () => {
    const all = recordings();
    const id = await recorded(all, "first", "second");
    const good = readFileSync(fileOf(id));
    for (let size = good.length - 1; size > 120; size -= 7) {
      truncateSync(fileOf(id), size);
      const read = await events(all, id).catch((error: { code: string }) => error.code);
      const isWhole = Array.isArray(read) && read.at(-1)?.kind === "end";
      expect(isWhole, `${size}`).toBe(false);
      expect((await all.find(id)).state, `${size}`).not.toBe("whole");
      writeFileSync(fileOf(id), good);
    }
    writeFileSync(fileOf(id), Buffer.concat([good, Buffer.from("more")]));
    await expect(events(all, id)).rejects.toMatchObject({ code: "RECORDING_ALTERED" });
  });

  test("by putting another one in its place", async () => {
    const all = recordings();
    const [id, other] = [await recorded(all, "mine"), await recorded(all, "yours")];
    writeFileSync(fileOf(id), readFileSync(fileOf(other)));
    await expect(events(all, id)).rejects.toMatchObject({ code: "SEALED_UNREADABLE" });
    expect(await all.find(id)).toMatchObject({ state: "unreadable" });
  });
});

describe("while it goes on", () => {
  test("it is listed and can be watched, and a server that dies over it leaves what there was", async () => {
    const all = recordings();
    const one = await all.begin(terminal);
    await one?.recorder.output(Buffer.from("before"));
    const [entry] = await all.list({ limit: 9, live: true });
    expect(entry).toMatchObject({ state: "live", user: { name: "ada" } });
    const id = entry?.id ?? "";
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of all.read(id, { follow: true, signal: never }))
        seen.push(event.kind === "output" ? Buffer.from(event.bytes).toString() : event.kind);
    })();
    await expect.poll(() => seen).toEqual(["head", "before"]);
    await one?.recorder.output(Buffer.from("after"));
    await expect.poll(() => seen).toEqual(["head", "before", "after"]);
    expect((await events(all, id)).map(({ kind }) => kind)).toEqual(["head", "output", "output"]);
    // Another server process finds the file as it is.
    expect(await recordings().find(id)).toMatchObject({ state: "brokenOff" });
    expect((await events(recordings(), id)).map(({ kind }) => kind)).toEqual(["head", "output", "output"]);
    await one?.end("over");
    await watching;
    expect(seen.at(-1)).toBe("end");
    expect(await all.list({ limit: 9, live: true })).toEqual([]);
  });
});

test("one stream takes no more room than all may have: strict it ends, else it goes on with a mark", async () => {
  policy = { "record.tcp": "strict", "record.maxMiB": 1 };
  const all = recordings();
  const strict = await all.begin({ ...about, kind: "tcp", service: "db" });
  await strict?.recorder.output(Buffer.alloc(900_000));
  await expect(strict?.recorder.input(Buffer.alloc(200_000))).rejects.toMatchObject({ code: "RECORDING_FAILED" });
  await strict?.end("RECORDING_FAILED");
  expect((await all.list({ limit: 1 }))[0]).toMatchObject({ state: "whole", why: "RECORDING_FAILED" });
  now += 1_000;
  const id = await recorded(all, "x".repeat(900_000), "y".repeat(200_000), "z".repeat(100_000));
  const last = (await events(all, id)).slice(-2);
  expect(last).toMatchObject([{ kind: "gap" }, { kind: "end" }]);
  expect(statSync(fileOf(id)).size).toBeLessThanOrEqual(1024 ** 2);
});

test("nothing stands behind the end: a chunk that is still being written when its stream is cut is not passed on", async () => {
  const all = recordings();
  const one = await all.begin(terminal);
  const late = one?.recorder.output(Buffer.alloc(300_000, "x"));
  late?.catch(() => {});
  await one?.end("SESSION_CUT");
  await expect(late).rejects.toMatchObject({ code: "RECORDING_FAILED" });
  const [entry] = await all.list({ limit: 1 });
  expect(entry).toMatchObject({ state: "whole", why: "SESSION_CUT" });
  expect((await events(all, entry?.id ?? "")).at(-1)).toMatchObject({ kind: "end" });
});

test("sizes of a terminal take room as well, and no more than there is", async () => {
  policy = { "record.maxMiB": 1 };
  const all = recordings();
  const one = await all.begin(terminal);
  await one?.recorder.output(Buffer.alloc(1024 ** 2 - 2_000));
  for (let n = 0; n < 200; n++) await one?.recorder.resized({ rows: 24, columns: 80 + n });
  await one?.end("over");
  // One that was longer than all may be together would be gone when it is over.
  await all.sweep();
  const [entry] = await all.list({ limit: 1 });
  expect(entry?.size).toBeLessThanOrEqual(1024 ** 2);
  expect((await events(all, entry?.id ?? "")).at(-1)).toMatchObject({ kind: "end" });
});

describe("a record that was written in part, for then the disk was full", () => {
  /** The next write takes half of what it is given, and fails then. */
  async function failOnce(): Promise<void> {
    const probe = await open(temp.file("probe"), "w");
    const files = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const write = files.write;
    vi.spyOn(files, "write").mockImplementationOnce(async function half(this: FileHandle, ...given: unknown[]) {
      const [bytes, , , at] = given as [Buffer, number, number, number];
      await Reflect.apply(write, this, [bytes, 0, Math.floor(bytes.length / 2), at]);
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    });
  }
  afterEach(() => void vi.restoreAllMocks());

  test("leaves nothing behind: who finds the file after a kill -9 reads it to the last whole record", async () => {
    const all = recordings();
    const one = await all.begin(terminal);
    await one?.recorder.output(Buffer.from("before"));
    const id = (await all.list({ limit: 1, live: true }))[0]?.id ?? "";
    await failOnce();
    await one?.recorder.output(Buffer.alloc(60_000, "x"));
    await one?.recorder.output(Buffer.from("after"));
    const found = await events(recordings(), id);
    expect(found.map(({ kind }) => kind)).toEqual(["head", "output", "gap", "output"]);
    expect(found[2]).toMatchObject({ bytes: 60_000 });
    await one?.end("over");
  });
});

describe("retention", () => {
  test("removes what is too old, and says so first", async () => {
    const all = recordings();
    const old = await recorded(all, "old");
    now += 60 * day;
    const live = await all.begin(terminal);
    now += 31 * day;
    const fresh = await recorded(all, "fresh");
    await all.sweep();
    const left = (await all.list({ limit: 9 })).map(({ state, id }) => (state === "live" ? state : id));
    expect(left).toEqual([fresh, "live"]);
    expect(rows.filter(({ action }) => action === "recording.remove")).toMatchObject([
      { actor: "server", subject: old },
    ]);
    await live?.end("over");
  });

  test("removes the oldest while all of them are too much, and never one that goes on", async () => {
    policy = { "record.maxMiB": 1 };
    const all = recordings();
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      now += 1_000;
      ids.push(await recorded(all, "x".repeat(300_000)));
    }
    await all.sweep();
    expect((await all.list({ limit: 9 })).map(({ id }) => id)).toEqual(ids.slice(2).toReversed());
    expect(readdirSync(temp.file("recordings"))).toHaveLength(3);
  });

  test("does so when one is added or grows, not at the next look only", async () => {
    policy = { "record.maxMiB": 1 };
    const all = recordings();
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      now += 1_000;
      ids.push(await recorded(all, "x".repeat(300_000)));
    }
    now += 1_000;
    const growing = await all.begin(terminal);
    await growing?.recorder.output(Buffer.alloc(400_000, "y"));
    await vi.waitFor(() => expect(readdirSync(temp.file("recordings"))).toHaveLength(3), 30_000);
    await growing?.end("over");
    expect((await all.list({ limit: 9 })).map(({ id }) => id).slice(1)).toEqual(ids.slice(1).toReversed());
  });

  test("says once that one is removed, however often that fails, and goes on with the others", async () => {
    const all = recordings();
    const [other, stuck] = [await recorded(all, "other"), await recorded(all, "stuck")];
    const bytes = readFileSync(fileOf(stuck));
    // A folder of its name is nothing that `rm` takes for a file.
    rmSync(fileOf(stuck));
    mkdirSync(fileOf(stuck));
    now += 91 * day;
    const removals = () => rows.filter(({ action }) => action === "recording.remove").map(({ subject }) => subject);
    for (let n = 0; n < 3; n++) await all.sweep();
    expect(removals()).toEqual([stuck, other]);
    expect(readdirSync(temp.file("recordings"))).toEqual([`${stuck}.recording`]);

    rmdirSync(fileOf(stuck));
    writeFileSync(fileOf(stuck), bytes);
    await all.sweep();
    expect(removals()).toEqual([stuck, other]);
    expect(readdirSync(temp.file("recordings"))).toEqual([]);
  });
});
