import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { Trash } from "./trash.ts";

describe("Trash", () => {
  test("takes a folder away in one step, then deletes it", async () => {
    await using temp = await tempFolder();
    const trash = new Trash(temp.file("trash"));
    mkdirSync(temp.file("unit/deep"), { recursive: true });
    writeFileSync(temp.file("unit/deep/file"), "x");
    const place = trash.take(temp.file("unit"), "Ab3dEf9h");
    expect(existsSync(temp.file("unit"))).toBe(false);
    expect(existsSync(`${place}/deep/file`)).toBe(true);
    await trash.delete(place);
    expect(readdirSync(temp.file("trash"))).toEqual([]);
  });

  test("is private, and takes the same id twice", async () => {
    await using temp = await tempFolder();
    const trash = new Trash(temp.file("trash"));
    expect(statSync(temp.file("trash")).mode & 0o777).toBe(0o700);
    for (const n of [1, 2]) {
      mkdirSync(temp.file("unit"));
      writeFileSync(temp.file("unit/file"), String(n));
      trash.take(temp.file("unit"), "Ab3dEf9h");
    }
    expect(readdirSync(temp.file("trash"))).toHaveLength(2);
  });

  test("says when there is nothing to take", async () => {
    await using temp = await tempFolder();
    const trash = new Trash(temp.file("trash"));
    expect(() => trash.take(temp.file("unit"), "Ab3dEf9h")).toThrow(/ENOENT/);
  });

  test("empty() deletes what an earlier daemon left", async () => {
    await using temp = await tempFolder();
    mkdirSync(temp.file("trash/Ab3dEf9h.1.0/deep"), { recursive: true });
    writeFileSync(temp.file("trash/Ab3dEf9h.1.0/status"), "{}");
    writeFileSync(temp.file("trash/plain"), "");
    await new Trash(temp.file("trash")).empty();
    expect(readdirSync(temp.file("trash"))).toEqual([]);
  });
});
