import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { UnitState } from "../wire.ts";
import { unitFolder } from "./unit-folder.ts";
import { loadStatus, setDamagedAside, unitIdsIn } from "./unit-scan.ts";

const now = Date.parse("2024-05-06T07:08:09.000Z");

async function folderWith(status?: string | Buffer) {
  const temp = await tempFolder();
  const folder = unitFolder(temp.path, "Ab3dEf9h");
  mkdirSync(folder.dir);
  if (status !== undefined) writeFileSync(folder.status, status);
  return { folder, [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose]() };
}

test("unitIdsIn() sees only folders, and no links to any, whose names can be ids", async () => {
  await using temp = await tempFolder();
  for (const name of ["Ab3dEf9h", "12345678", "lost+found", ".farhand", "short", "status.lock", "a b c d e"]) {
    mkdirSync(temp.file(name));
  }
  writeFileSync(temp.file("Plain123"), "");
  symlinkSync(temp.file("lost+found"), temp.file("Linked12"));
  expect(unitIdsIn(temp.path).sort()).toEqual(["12345678", "Ab3dEf9h"]);
});

describe("loadStatus()", () => {
  test("reads a status as Receptor writes it", async () => {
    const line =
      '{"State":2,"Detail":"exit status 0","StdoutSize":57,"WorkType":"echo","ExtraData":{"Pid":4242,"Params":""}}\n';
    await using made = await folderWith(line);
    expect(loadStatus(made.folder, now)).toEqual({ status: JSON.parse(line), damaged: false });
  });

  test.each([
    ["an empty file", ""],
    ["a truncated one", '{"State":1,"Det'],
    ["binary", Buffer.from([0, 255, 254, 1])],
    ["a status without a state", "{}"],
  ])("makes a failed unit of %s", async (_, status) => {
    await using made = await folderWith(status);
    expect(loadStatus(made.folder, now)).toEqual({
      status: {
        State: UnitState.Failed,
        Detail: expect.stringMatching(/^Failed to restart: ./),
        StdoutSize: 0,
        WorkType: "unknown",
        ExtraData: null,
        Cause: "STATUS_CORRUPT",
        FinishedAt: "2024-05-06T07:08:09.000Z",
      },
      damaged: true,
    });
  });

  test("makes a failed unit of a folder without a status", async () => {
    await using made = await folderWith();
    expect(loadStatus(made.folder, now).status).toMatchObject({ State: UnitState.Failed, Cause: "STATUS_CORRUPT" });
  });

  test.each(["a folder", "a pipe"])("makes a failed unit of %s in place of the status", async (kind) => {
    await using made = await folderWith();
    if (kind === "a folder") mkdirSync(made.folder.status);
    else execFileSync("mkfifo", [made.folder.status]);
    const { status } = loadStatus(made.folder, now);
    expect(status).toMatchObject({ Detail: "Failed to restart: status is no plain file", Cause: "STATUS_CORRUPT" });
  });

  test("blames the disk for a status that it does not give", async () => {
    await using made = await folderWith();
    const loop = unitFolder(made.folder.dir, "loop1234");
    symlinkSync(loop.dir, loop.dir);
    expect(loadStatus(loop, now).status).toMatchObject({ State: UnitState.Failed, Cause: "STORAGE_FAILED" });
  });
});

test("setDamagedAside() keeps what was there, and needs nothing to be there", async () => {
  await using made = await folderWith("{");
  setDamagedAside(made.folder);
  expect(existsSync(made.folder.status)).toBe(false);
  expect(readFileSync(`${made.folder.status}.damaged`, "utf8")).toBe("{");
  setDamagedAside(made.folder);
  expect(readFileSync(`${made.folder.status}.damaged`, "utf8")).toBe("{");
});
