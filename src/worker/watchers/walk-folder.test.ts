import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { runProcess } from "../../../test/kit/processes.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { walkFolder } from "./walk-folder.ts";

const all = () => true;

async function walk(folder: string, options: Partial<Parameters<typeof walkFolder>[0]> = {}) {
  const files: string[] = [];
  const walked = await walkFolder({
    ...{ folder, depth: 0, wants: all, isClosed: () => false, signal: AbortSignal.timeout(60_000) },
    visit: (file) => files.push(file),
    ...options,
  });
  return { ...walked, files: files.sort() };
}

describe("walkFolder()", () => {
  test("plain files as deep as asked, and no link, pipe or name that is no text", async () => {
    await using folder = await tempFolder();
    mkdirSync(folder.file("in/one/two"), { recursive: true });
    writeFileSync(folder.file("outside"), "secret");
    for (const name of ["a", "one/b", "one/two/c"]) writeFileSync(folder.file(`in/${name}`), "");
    symlinkSync(folder.file("outside"), folder.file("in/link"));
    symlinkSync(folder.path, folder.file("in/up"));
    writeFileSync(Buffer.concat([Buffer.from(folder.file("in/")), Buffer.from([0xff, 0xfe])]), "");
    expect((await runProcess("mkfifo", [folder.file("in/pipe")])).code).toBe(0);
    expect(await walk(folder.file("in"))).toMatchObject({ files: ["a"], folders: [""], skipped: 4 });
    expect((await walk(folder.file("in"), { depth: 1 })).files).toEqual(["a", "one/b"]);
    expect((await walk(folder.file("in"), { depth: 9 })).files).toEqual(["a", "one/b", "one/two/c"]);
  });

  test("names that mean something to a shell or a terminal are names", async () => {
    await using folder = await tempFolder();
    const names = ["-rf", "$(reboot)", "a\nb", "`x`", "'; rm -rf ~ #", "\u{1b}[2J", "..data", "*"].sort();
    for (const name of names) writeFileSync(folder.file(name), "");
    expect((await walk(folder.path)).files).toEqual(names);
  });

  test("a closed folder is not entered", async () => {
    await using folder = await tempFolder();
    mkdirSync(folder.file("done"));
    writeFileSync(folder.file("done/a"), "");
    expect((await walk(folder.path, { depth: 3, isClosed: () => true })).files).toEqual([]);
  });

  test("a folder that is not there is said to be so", async () => {
    await using folder = await tempFolder();
    await expect(walk(folder.file("none"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("of 100,000 files each is seen once, and everything else goes on meanwhile", async () => {
    await using folder = await tempFolder();
    const make = "seq -f 'file-%06.0f' 100000 | xargs touch";
    expect((await runProcess("sh", ["-c", `cd '${folder.path}' && ${make}`])).code).toBe(0);
    linkSync(folder.file("file-000001"), folder.file("one-more"));
    let turns = 0;
    const counting = setInterval(() => turns++, 1);
    let seen = 0;
    const names = new Set<string>();
    const { skipped } = await walkFolder({
      ...{ folder: folder.path, depth: 0, wants: all, isClosed: () => false, signal: AbortSignal.timeout(240_000) },
      visit: (file) => {
        seen++;
        names.add(file);
      },
    });
    clearInterval(counting);
    expect([seen, names.size, skipped]).toEqual([100_001, 100_001, 0]);
    expect(turns).toBeGreaterThan(50);
  }, 300_000);
});
