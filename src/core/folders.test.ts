import { statSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { makeFolders } from "./folders.ts";

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test("makes what is missing, with its permissions, and leaves what is there", async () => {
  await using folder = await tempFolder();
  const path = folder.file("a/b/c");
  expect(makeFolders(path, 0o700)).toBe(true);
  expect([modeOf(path), modeOf(folder.file("a"))]).toEqual([0o700, 0o700]);
  expect(makeFolders(path, 0o755)).toBe(false);
  expect(modeOf(path)).toBe(0o700);
});

test("tells where no folder can be, and never goes on trying", async () => {
  await using folder = await tempFolder();
  writeFileSync(folder.file("file"), "");
  expect(() => makeFolders(folder.file("file/x/y"), 0o700)).toThrow("ENOTDIR");
  expect(() => makeFolders(folder.file("file"), 0o700)).toThrow("ENOTDIR");
  // Node's recursive mkdir never returns from here.
  expect(() => makeFolders("/proc/farhand/x", 0o700)).toThrow("ENOENT");
});
