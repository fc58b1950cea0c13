import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { EndedFiles } from "./ended-files.ts";
import { FileJournal } from "./file-journal.ts";
import { versionOf } from "./file-version.ts";
import { watcherSettings } from "./watcher-settings.ts";

const { signal } = new AbortController();

/** A folder `in` with files whose units have succeeded; they are to be moved to `done`, which is not there. */
function endedIn(temp: TempFolder, names: readonly string[]) {
  mkdirSync(temp.file("in"));
  const journal = new FileJournal(temp.file("journal"));
  for (const name of names) {
    writeFileSync(temp.file(`in/${name}`), name);
    const version = versionOf(statSync(temp.file(`in/${name}`), { bigint: true }));
    journal.note(name, { ...version, state: "succeeded", unit: "0123456789ab" });
  }
  const onSuccess = { moveTo: temp.file("done") };
  const settings = watcherSettings({ name: "w", folder: temp.file("in"), workType: "t", onSuccess });
  return { files: new EndedFiles(settings, journal), [Symbol.asyncDispose]: () => journal.close() };
}

test("a file that cannot be put away is tried again after pauses from 1 s to 5 min, each twice as long", async () => {
  await using temp = await tempFolder();
  await using ended = endedIn(temp, ["a"]);
  const { files } = ended;
  const pauses: number[] = [];
  for (let now = 1_000_000; pauses.length < 11; now += pauses.at(-1) ?? 0) {
    await files.putAway(now, signal);
    pauses.push(files.nextInMs(now) ?? 0);
  }
  expect(pauses.map((ms) => ms / 1_000)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
});

test("it is not touched before its time, nor are others kept waiting by it", async () => {
  await using temp = await tempFolder();
  await using ended = endedIn(temp, ["a", "b"]);
  const { files } = ended;
  await files.putAway(0, signal);
  expect(files.trouble).toMatch(/^a cannot be moved to .*ENOENT.*, and 1 more$/);
  mkdirSync(temp.file("done"));
  await files.putAway(999, signal);
  expect(existsSync(temp.file("in/a"))).toBe(true);
  expect(files.trouble).toMatch(/^a cannot be moved/);
  await files.putAway(1_000, signal);
  expect(["a", "b"].map((name) => existsSync(temp.file(`done/${name}`)))).toEqual([true, true]);
  expect([files.trouble, files.nextInMs(1_000)]).toEqual([undefined, undefined]);
});

test("when the configuration changes it is tried at once, and with short pauses again", async () => {
  await using temp = await tempFolder();
  await using ended = endedIn(temp, ["a"]);
  const { files } = ended;
  for (const now of [0, 1_000, 3_000, 7_000]) await files.putAway(now, signal);
  files.tryAgain();
  await files.putAway(7_001, signal);
  expect(files.nextInMs(7_001)).toBe(1_000);
  mkdirSync(temp.file("done"));
  files.tryAgain();
  await files.putAway(7_002, signal);
  expect(existsSync(temp.file("done/a"))).toBe(true);
  expect(() => rmdirSync(temp.file("in"))).not.toThrow();
});
