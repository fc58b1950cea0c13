import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { versionOf } from "./file-version.ts";
import { type EndedFile, putAway } from "./put-away.ts";

/** A file of a watched folder, as it was when its unit was made. */
function endedFile(temp: TempFolder, folder: string, file: string, marker?: string): EndedFile {
  mkdirSync(temp.file(folder), { recursive: true });
  const path = temp.file(`${folder}/${file}`);
  writeFileSync(path, folder);
  const version = versionOf(statSync(path, { bigint: true }));
  return { folder: temp.file(folder), file, version, unit: `${folder}0`, marker };
}

describe("putAway()", () => {
  test("writes over nothing when two watchers move files of one name to one folder in the same moment", async () => {
    await using temp = await tempFolder();
    mkdirSync(temp.file("done"));
    const names = Array.from({ length: 100 }, (_, n) => `f${n}`);
    const files = names.flatMap((name) => ["a", "b", "c"].map((folder) => endedFile(temp, folder, name)));
    await Promise.all(files.map((file) => putAway(file, { moveTo: temp.file("done") })));
    expect(readdirSync(temp.file("done"))).toHaveLength(files.length);
  });

  test("moves nothing into the folder that it comes from, by whatever way that is reached", async () => {
    await using temp = await tempFolder();
    const file = endedFile(temp, "in", "a");
    symlinkSync(temp.file("in"), temp.file("done"));
    await expect(putAway(file, { moveTo: temp.file("done") })).rejects.toThrow(/the folder that it is taken from/);
    expect(readdirSync(temp.file("in"))).toEqual(["a"]);
  });

  test.each(["delete", "move"])("%s: what a cut leaves is never a marker without its file", async (how) => {
    await using temp = await tempFolder();
    const file = endedFile(temp, "in", "a", ".ok");
    writeFileSync(temp.file("in/a.ok"), "");
    mkdirSync(temp.file("done"));
    const isGoing = putAway(file, how === "delete" ? "delete" : { moveTo: temp.file("done") });
    const seen = new Set<string>();
    for (let isOver = false; !isOver; ) {
      isOver = await Promise.race([isGoing, new Promise<false>((resolve) => setImmediate(resolve, false))]);
      seen.add(`${existsSync(temp.file("in/a"))} ${existsSync(temp.file("in/a.ok"))}`);
    }
    expect([...seen]).not.toContain("false true");
    expect(readdirSync(temp.file("in"))).toEqual([]);
  });

  test("takes nobody else's marker when it ends a deletion that was cut", async () => {
    await using temp = await tempFolder();
    const file = endedFile(temp, "in", ".farhand-in0", ".ok");
    for (const name of ["a", "a.ok"]) writeFileSync(temp.file(`in/${name}`), "new");
    expect(await putAway({ ...file, file: "a" }, "delete")).toBe(true);
    expect(readdirSync(temp.file("in")).sort()).toEqual(["a", "a.ok"]);
  });
});
