import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { FileJournal } from "./file-journal.ts";
import { WatchedFiles } from "./watched-files.ts";
import { watcherSettings } from "./watcher-settings.ts";

const signal = () => AbortSignal.timeout(60_000);
const none = () => false;

test("a file that is being given is no new one, although nothing is on record of it yet", async () => {
  await using folder = await tempFolder();
  mkdirSync(folder.file("in"));
  writeFileSync(folder.file("in/a"), "");
  const journal = new FileJournal(folder.file("j.jsonl"));
  const settings = watcherSettings({ name: "w", folder: folder.file("in"), workType: "t", settle: "0s" });
  const files = new WatchedFiles(settings, journal);
  await files.look(1, none, signal());
  expect(files.ready(1, 9).map(({ file }) => file)).toEqual(["a"]);
  files.drop("a");
  await files.look(2, (file) => file === "a", signal());
  expect(files.ready(2, 9)).toEqual([]);
  await journal.close();
});

test("files are forgotten when they are gone, and not when their mount is", async () => {
  await using folder = await tempFolder();
  mkdirSync(folder.file("in"));
  for (const name of ["a", "b"]) writeFileSync(folder.file(`in/${name}`), "");
  const journal = new FileJournal(folder.file("j.jsonl"));
  const settings = watcherSettings({ name: "w", folder: folder.file("in"), workType: "t", settle: "0s" });
  const files = new WatchedFiles(settings, journal);
  await files.look(1, none, signal());
  for (const { file, version } of files.ready(1, 9)) {
    files.drop(file);
    journal.note(file, { ...version, state: "left", unit: `unit of ${file}` });
  }
  // Known from another device, and none of them is here: this is the empty folder below a mount.
  for (const [file, record] of [...journal.records]) journal.note(file, { ...record, dev: "other" });
  rmSync(folder.file("in"), { recursive: true });
  mkdirSync(folder.file("in"));
  await files.look(2, none, signal());
  expect([...journal.records.keys()].sort()).toEqual(["a", "b"]);
  // One of them is: then this is the folder, and the other one is gone.
  writeFileSync(folder.file("in/a"), "");
  await files.look(3, none, signal());
  const [now] = files.ready(3, 9);
  files.drop("a");
  journal.note("a", { stamp: now?.version.stamp ?? "", dev: "other", state: "left", unit: "unit of a" });
  await files.look(4, none, signal());
  expect([...journal.records]).toEqual([["a", { ...now?.version, state: "left", unit: "unit of a" }]]);
  expect(files.ready(4, 9)).toEqual([]);
  await journal.close();
});
