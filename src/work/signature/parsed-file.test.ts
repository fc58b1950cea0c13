import { execFile } from "node:child_process";
import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { ParsedFile } from "./parsed-file.ts";

test("ParsedFile reads at each use, also what was changed within the same instant", async () => {
  await using folder = await tempFolder();
  const path = folder.file("a");
  const file = new ParsedFile(path, 100, (text) => text.toUpperCase());
  const past = new Date(2020, 1);
  for (const text of ["one", "two", "six", "ten"]) {
    await writeFile(path, text);
    await utimes(path, past, past);
    expect(await file.read()).toBe(text.toUpperCase());
  }
  await rm(path);
  await expect(file.read()).rejects.toThrow(`open ${path}: no such file or directory`);
  await writeFile(path, "new");
  expect(await file.read()).toBe("NEW");
});

test("ParsedFile does not parse again what has not changed", async () => {
  let parsed = 0;
  // A file of the system: it is old enough to have settled.
  const file = new ParsedFile("/etc/passwd", 1 << 20, () => ++parsed);
  expect([await file.read(), await file.read()]).toEqual([1, 1]);
});

test("ParsedFile throws what parsing threw, at each use", async () => {
  await using folder = await tempFolder();
  await writeFile(folder.file("a"), "x");
  const file = new ParsedFile(folder.file("a"), 100, () => {
    throw new Error("no good");
  });
  await expect(file.read()).rejects.toThrow("no good");
  await expect(file.read()).rejects.toThrow("no good");
});

test("ParsedFile reads no folder, no pipe that nobody writes, and nothing large", async () => {
  await using folder = await tempFolder();
  const read = (path: string) => new ParsedFile(path, 10, (text) => text).read();
  await mkdir(folder.file("folder"));
  await promisify(execFile)("mkfifo", [folder.file("pipe")]);
  await writeFile(folder.file("large"), "x".repeat(11));
  await expect(read(folder.file("folder"))).rejects.toThrow("not a plain file");
  await expect(read(folder.file("pipe"))).rejects.toThrow("not a plain file");
  await expect(read(folder.file("large"))).rejects.toThrow("larger than 10 bytes");
});
