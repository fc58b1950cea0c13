import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { type VirtualClock, virtualClock } from "../../../test/kit/virtual-clock.ts";
import { keptLog } from "../../../test/kit/monitor.ts";
import { Journal } from "../journal/journal.ts";
import { noFiles, type SegmentFiles, SegmentFolder } from "../journal/segment-files.ts";
import { type ChannelRules, Channels } from "./channels.ts";
import { progressFrame } from "./progress-text.ts";
import { recoverChannels } from "./recover.ts";
import { frameLength, frameText } from "./text-frame.ts";

const usual: ChannelRules = {
  ...{ mostChannels: 1_000, mostBytes: 2 ** 20, mostChannelBytes: 2 ** 20, mostUnwritten: 2 ** 20, mostDeadBytes: 0 },
  ...{ keepEndedMs: 300_000, keepSilentMs: 3_600_000, afterFailedMs: 30_000, afterAbortedMs: 0 },
};
const limits = { segmentBytes: 1_000, memoryBytes: 0 };

interface House {
  readonly channels: Channels;
  readonly journal: Journal;
  readonly log: ReturnType<typeof keptLog>;
  say(id: string, ...parts: string[]): Promise<void>;
  all(id: string): Promise<string[]>;
  close(): Promise<void>;
}

function houseOf(files: SegmentFiles, first: number, clock: VirtualClock, rules: ChannelRules) {
  const log = keptLog();
  const journal = new Journal(files, limits, first);
  const channels = new Channels(journal, rules, clock, log);
  const say = async (id: string, ...parts: string[]): Promise<void> => {
    const frame = progressFrame(parts.map((part) => Buffer.from(part)));
    if (frame) channels.take(id, parts[0] ?? "", frame);
    await channels.settled();
  };
  const all = async (id: string): Promise<string[]> => {
    const extents = channels.get(id)?.extents;
    const texts: string[] = [];
    for (let n = 0; n < (extents?.count ?? 0); n++) {
      const extent = extents?.at(n) ?? { segment: 0, offset: 0, length: 0 };
      const frames = await journal.read(extent, extent.length);
      for (let at = 0; at < frames.length; at += frameLength(frames, at) ?? frames.length)
        texts.push(Object.values(JSON.parse(frameText(frames, at)) as object).join(" "));
    }
    return texts;
  };
  return { channels, journal, log, say, all, close: async () => await files.close() };
}

/** A folder on a disk that is full while `disk` says so. */
function fillable(files: SegmentFiles, disk: { readonly isFull: boolean }): SegmentFiles {
  return {
    isLasting: true,
    write: (...what) =>
      disk.isFull ? Promise.reject(new Error("ENOSPC: no space left on device")) : files.write(...what),
    read: (...where) => files.read(...where),
    remove: (segment) => files.remove(segment),
    sync: () => files.sync(),
    close: () => files.close(),
  };
}

async function house(path?: string, rules: Partial<ChannelRules> = {}, clock = virtualClock()): Promise<House> {
  const all = { ...usual, ...rules };
  if (path === undefined) return houseOf(noFiles, 1, clock, all);
  const folder = await SegmentFolder.open(path);
  const made = houseOf(folder, ((await folder.segments()).at(-1) ?? 0) + 1, clock, all);
  await recoverChannels(folder, made.journal, made.channels, all, { clock, log: made.log });
  return made;
}

const segments = (path: string): string[] => readdirSync(path).filter((name) => name.endsWith(".seg"));

describe("a channel on disk", () => {
  test("is there again as it was, whether or not anybody closed it", async () => {
    await using folder = await tempFolder();
    const before = await house(folder.path);
    for (let n = 0; n < 50; n++) await before.say("a", "TASK", `${n}`);
    await before.say("b", "FAILED");
    await before.say("ended", "FINISHED");
    const all = await before.all("a");
    await before.close();
    const clock = virtualClock();
    const after = await house(folder.path, {}, clock);
    expect(await after.all("a")).toEqual(all);
    await after.say("a", "TASK", "50");
    await after.say("ended", "LATE");
    expect((await after.all("a")).at(-1)).toBe("TASK 50");
    expect(await after.all("ended")).toEqual(["FINISHED"]);
    expect(after.channels.get("ended")?.isShownEnded).toBe(true);
    await clock.pass(30_000);
    after.channels.sweep();
    await after.channels.settled();
    expect(await after.all("b")).toEqual(["FAILED", "FINISHED"]);
    await after.close();
  });

  test("loses only what was torn at the end, and goes on behind it", async () => {
    await using folder = await tempFolder();
    const before = await house(folder.path);
    await before.say("a", "STARTED");
    await before.say("a", "ENDED");
    await before.close();
    const [name = ""] = segments(folder.path);
    const path = join(folder.path, name);
    writeFileSync(path, readFileSync(path).subarray(0, -3));
    const after = await house(folder.path);
    expect(await after.all("a")).toEqual(["STARTED"]);
    expect(after.log.lines).toEqual([expect.stringMatching(/it is torn; its last \d+ bytes are cut off/)]);
    await after.say("a", "UPLOADED");
    await after.close();
    appendFileSync(path, Buffer.alloc(100, 7));
    const again = await house(folder.path);
    expect(await again.all("a")).toEqual(["STARTED", "UPLOADED"]);
    await again.close();
  });

  test("that was dropped stays so, and its id begins anew", async () => {
    await using folder = await tempFolder();
    const before = await house(folder.path);
    for (let n = 0; n < 30; n++) await before.say("a", "TASK", `${n}`);
    const channel = before.channels.get("a");
    if (channel) before.channels.drop(channel, "of a test");
    await before.say("a", "STARTED");
    await before.close();
    const after = await house(folder.path);
    expect(await after.all("a")).toEqual(["STARTED"]);
    await after.close();
  });

  test("that was dropped before its last messages were stored is not there again", async () => {
    await using folder = await tempFolder();
    const before = await house(folder.path);
    await before.say("a", "STARTED");
    const frame = progressFrame([Buffer.from("ENDED")]) ?? Buffer.alloc(0);
    for (const id of ["a", "b"]) before.channels.take(id, "ENDED", frame);
    const channel = before.channels.get("a");
    if (channel) before.channels.drop(channel, "of a test");
    await before.channels.settled();
    await before.close();
    const after = await house(folder.path);
    expect([...after.channels.all].map(({ id }) => id)).toEqual(["b"]);
    await after.close();
  });

  test("that lives long does not keep what is dead on the disk", async () => {
    await using folder = await tempFolder();
    const clock = virtualClock();
    const made = await house(folder.path, {}, clock);
    await made.say("long", "STARTED");
    for (let n = 0; n < 100; n++) {
      await made.say(`short-${n}`, "TASK", "x".repeat(100));
      await made.say(`short-${n}`, "FINISHED");
    }
    expect(segments(folder.path).length).toBeGreaterThan(15);
    await clock.pass(300_000);
    await made.say("long", "ENDED");
    made.channels.sweep();
    await made.channels.tidy();
    expect(segments(folder.path).length).toBeLessThan(15);
    expect(await made.all("long")).toEqual(["STARTED", "ENDED"]);
    await made.close();
    const after = await house(folder.path);
    expect([...after.channels.all].map(({ id }) => id)).toEqual(["long"]);
    expect(await after.all("long")).toEqual(["STARTED", "ENDED"]);
    await after.close();
  });

  test("belongs to one process at a time", async () => {
    await using folder = await tempFolder();
    const first = await house(folder.path);
    await expect(house(folder.path)).rejects.toMatchObject({ code: "MONITOR_STORAGE_TAKEN" });
    await first.close();
    writeFileSync(folder.file("plain"), "");
    await expect(house(folder.file("plain/in-a-file"))).rejects.toMatchObject({ code: "MONITOR_STORAGE_FAILED" });
  });

  test("goes on while the disk takes nothing, and is stored once it does", async () => {
    await using folder = await tempFolder();
    const disk = { isFull: true };
    const failing = fillable(await SegmentFolder.open(folder.path), disk);
    const made = houseOf(failing, 1, virtualClock(), { ...usual, mostUnwritten: 300 });
    await made.say("a", "STARTED");
    expect(await made.all("a")).toEqual(["STARTED"]);
    for (let n = 0; n < 20; n++) await made.say("a", "TASK", `${n}`);
    const kept = await made.all("a");
    expect(kept.length).toBeLessThan(20);
    expect(made.channels.counts.refused).toBe(21 - kept.length);
    disk.isFull = false;
    await made.say("a", "FINISHED");
    expect(made.log.lines).toContain("the disk takes messages again");
    await made.close();
    const after = await house(folder.path);
    expect(await after.all("a")).toEqual([...kept, "FINISHED"]);
    await after.close();
  });
});

describe("a disk that takes nothing", () => {
  test("costs messages of a channel each time it is said once, and what is full is said too", async () => {
    await using folder = await tempFolder();
    const disk = { isFull: true };
    const files = fillable(await SegmentFolder.open(folder.path), disk);
    const made = houseOf(files, 1, virtualClock(), { ...usual, mostUnwritten: 300, mostChannelBytes: 1_000 });
    const refused = (): string[] => made.log.lines.filter((line) => line.includes("takes no more messages"));
    const swept = async (): Promise<void> => {
      made.channels.sweep();
      await made.channels.settled();
    };
    const byDisk = 'channel "a" takes no more messages: the disk takes nothing';
    for (let n = 0; n < 12; n++) await made.say("a", "TASK", `${n}`);
    expect(refused()).toEqual([byDisk]);
    disk.isFull = false;
    await swept();
    await made.say("a", "TASK", "between");
    disk.isFull = true;
    for (let n = 0; n < 12; n++) await made.say("a", "TASK", `${n}`);
    expect(refused()).toEqual([byDisk, byDisk]);
    disk.isFull = false;
    await swept();
    for (let n = 0; n < 20; n++) await made.say("a", "TASK", `${n}`);
    expect(refused()).toEqual([byDisk, byDisk, 'channel "a" takes no more messages: it is full']);
    await made.close();
  });

  test("leaves no channels behind of which nothing was taken", async () => {
    await using folder = await tempFolder();
    const files = fillable(await SegmentFolder.open(folder.path), { isFull: true });
    const made = houseOf(files, 1, virtualClock(), { ...usual, mostUnwritten: 300 });
    for (let n = 0; n < 20; n++) await made.say("a", "TASK", `${n}`);
    await made.say("never taken", "STARTED");
    made.channels.sweep();
    expect([...made.channels.all].map(({ id }) => id)).toEqual(["a"]);
  });
});

describe("limits", () => {
  test("a channel that is full takes nothing more but its end", async () => {
    const made = await house(undefined, { mostChannelBytes: 300 });
    for (let n = 0; n < 20; n++) await made.say("a", "TASK", `${n}`);
    await made.say("a", "FINISHED");
    const said = await made.all("a");
    expect(said.length).toBeLessThan(12);
    expect(said.at(-1)).toBe("FINISHED");
    expect(made.log.lines).toEqual(['channel "a" takes no more messages: it is full']);
  });

  test("beyond the most channels, and the most bytes, those go first that ended, then the most silent", async () => {
    const clock = virtualClock();
    const made = await house(undefined, { mostChannels: 3, mostBytes: 300 }, clock);
    for (const id of ["old", "ended", "new", "newest"]) {
      await made.say(id, id === "ended" ? "FINISHED" : "STARTED");
      await clock.pass(1);
    }
    const ids = (): string[] => [...made.channels.all].map(({ id }) => id);
    made.channels.sweep();
    expect(ids()).toEqual(["old", "new", "newest"]);
    await made.say("newest", "TASK", "x".repeat(200));
    made.channels.sweep();
    expect(ids()).toEqual(["new", "newest"]);
  });

  test("without limit of time, ABORTED is followed by another try", async () => {
    const clock = virtualClock();
    const made = await house(undefined, {}, clock);
    for (const word of ["STARTED", "ABORTED"]) await made.say("a", word);
    await clock.pass(600_000);
    made.channels.sweep();
    for (const word of ["STARTED", "FAILED"]) await made.say("a", word);
    await clock.pass(29_000);
    made.channels.sweep();
    await made.say("a", "FINISHED");
    expect(await made.all("a")).toEqual(["STARTED", "ABORTED", "STARTED", "FAILED", "FINISHED"]);
    const other = await house(undefined, { afterAbortedMs: 1_000 }, clock);
    await other.say("a", "ABORTED");
    await clock.pass(1_000);
    other.channels.sweep();
    await other.channels.settled();
    expect(await other.all("a")).toEqual(["ABORTED", "FINISHED"]);
  });
});
