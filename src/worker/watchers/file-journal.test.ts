import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canMount, smallDisk } from "../../../test/kit/small-disk.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { FileJournal, type FileRecord, type FileState } from "./file-journal.ts";

const record = (state: FileState, unit = "u1"): FileRecord => ({ dev: "1", stamp: "1.2.3", state, unit });

describe("FileJournal", () => {
  test("the next one knows what this one was told, whatever is in a name", async () => {
    await using folder = await tempFolder();
    const first = new FileJournal(folder.file("j/in.jsonl"));
    expect(first.isWhole).toBe(false);
    first.write('a\n"b"', record("given"));
    first.write('a\n"b"', record("made"));
    first.note("gone", record("left"));
    first.note("gone", undefined);
    first.note("c", record("failed"));
    await first.flush();
    await first.close();
    const next = new FileJournal(folder.file("j/in.jsonl"));
    expect(next.isWhole).toBe(true);
    expect(Object.fromEntries(next.records)).toEqual({ 'a\n"b"': record("made"), c: record("failed") });
    expect([...next.ended]).toEqual(["c"]);
    await next.close();
  });

  test("cut anywhere, it knows all that was whole", async () => {
    await using folder = await tempFolder();
    const path = folder.file("in.jsonl");
    const first = new FileJournal(path);
    first.write("a", record("given"));
    first.write("b", record("made"));
    await first.close();
    const whole = readFileSync(path, "utf8");
    const [line = ""] = whole.split("\n");
    for (let at = 0; at < whole.length; at++) {
      writeFileSync(path, whole.slice(0, at));
      const next = new FileJournal(path);
      expect([...next.records.keys()]).toEqual(at > line.length ? ["a"] : []);
      expect(next.isWhole).toBe(true);
      await next.close();
    }
  });

  test("damage is seen, and costs only the damaged lines", async () => {
    await using folder = await tempFolder();
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary" }).filter((text) => !text.includes("\n")),
        async (junk) => {
          writeFileSync(folder.file("in.jsonl"), `${junk}x\n["a","left","1","1.2.3","u1"]\n`);
          const journal = new FileJournal(folder.file("in.jsonl"));
          expect([journal.isWhole, [...journal.records.keys()]]).toEqual([false, ["a"]]);
          await journal.close();
        },
      ),
      { numRuns: 30 },
    );
  });

  test.runIf(canMount)("a full disk takes a line whole or not at all, and what is owed comes later", async () => {
    await using disk = await smallDisk("1m");
    if (!disk) throw new Error("could be mounted a moment ago");
    const path = disk.file("in.jsonl");
    const journal = new FileJournal(path);
    journal.write("a", record("made"));
    disk.fill();
    expect(() => journal.write("x".repeat(8_000), record("given"))).toThrow(/ENOSPC/);
    expect(journal.records.has("x".repeat(8_000))).toBe(false);
    for (let n = 0; n < 100; n++) journal.note(`${n}${"y".repeat(4_000)}`, record("left"));
    journal.note("a", record("succeeded"));
    // The worker is started anew meanwhile.
    const meanwhile = new FileJournal(path);
    expect(meanwhile.records.get("a")).toEqual(record("made"));
    await meanwhile.close();
    disk.makeRoom();
    journal.pay();
    await journal.close();
    const next = new FileJournal(path);
    expect([next.isWhole, next.records.size, next.records.get("a")]).toEqual([true, 101, record("succeeded")]);
    await next.close();
  });
});
