import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Faults } from "./faults.ts";
import { largestSettings } from "./parse.ts";
import { loadSettings, readSettingsFile } from "./settings-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "farhand-settings-"));
});
afterEach(() => rm(folder, { recursive: true }));

function load(path: string) {
  const faults = new Faults();
  const directives = loadSettings(path, readSettingsFile, faults);
  faults.throwIfAny();
  return directives;
}

test("loadSettings() reads a file", async () => {
  const path = join(folder, "foo.yml");
  await writeFile(path, "- node: föö\n");
  expect(load(path)).toMatchObject([{ section: "node", values: { id: "föö" }, at: { file: path } }]);
});

test("loadSettings() says why a file cannot be read", async () => {
  expect(() => load(join(folder, "no.yml"))).toThrow(/open .*no.yml: no such file or directory/);
  expect(() => load(folder)).toThrow(/is a directory/);
});

test("loadSettings() does not read a file without end", async () => {
  const path = join(folder, "huge.yml");
  await writeFile(path, "#".repeat(largestSettings * 5));
  expect(readSettingsFile(path)).toHaveLength(largestSettings * 4 + 1);
  expect(() => load(path)).toThrow("the file is too large");
  expect(() => load("/dev/zero")).toThrow("the file is too large");
});
