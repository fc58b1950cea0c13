import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { readStatus } from "./status-file.ts";
import { createUnitFolder, unitFolder } from "./unit-folder.ts";

const status = { State: 0, Detail: "Unit Created", StdoutSize: 0, WorkType: "x", ExtraData: null };

describe("createUnitFolder()", () => {
  test("makes Receptor's private files and a process record, and no output yet", async () => {
    await using temp = await tempFolder();
    const folder = unitFolder(temp.path, "Ab3dEf9h");
    createUnitFolder(folder, temp.file("draft"), status);
    expect(readdirSync(temp.path)).toEqual(["Ab3dEf9h"]);
    expect(readdirSync(folder.dir)).toEqual(expect.arrayContaining(["process", "status", "stdin"]));
    expect(existsSync(folder.stdout)).toBe(false);
    expect(statSync(folder.dir).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder.dir)) expect(statSync(`${folder.dir}/${name}`).mode & 0o777).toBe(0o600);
    expect(readStatus(folder)).toEqual(status);
    expect(readFileSync(folder.stdin)).toHaveLength(0);
  });

  test("leaves a taken id alone and nothing of its own behind", async () => {
    await using temp = await tempFolder();
    const folder = unitFolder(temp.path, "Ab3dEf9h");
    mkdirSync(folder.dir);
    writeFileSync(folder.stdout, "precious");
    expect(() => createUnitFolder(folder, temp.file("draft"), status)).toThrow(/ENOTEMPTY|EEXIST/);
    expect(readdirSync(folder.dir)).toEqual(["stdout"]);
    expect(existsSync(temp.file("draft"))).toBe(false);
  });
});
