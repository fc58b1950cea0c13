import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { decodeRecord, moveFence, noteStopping, readRecord, reservedRecord } from "./process-record.ts";

const boot = "1b2c3d4e-0000-1111-2222-333344445555";
const slot = (text: string) => `${text.padEnd(127)}\n`;
const launch = slot(`launch 1 10 100 11 101 ${boot}`);

describe("decodeRecord()", () => {
  test("reads a record that lets an attempt start", () => {
    expect(reservedRecord(3)).toHaveLength(512);
    expect(decodeRecord(reservedRecord(3))).toEqual({ fence: 3 });
  });

  test("reads a launch", () => {
    expect(decodeRecord(slot("reserved 1") + launch + slot(""))).toEqual({
      fence: 1,
      launch: {
        reaper: { pid: 10, startTicks: 100, bootId: boot },
        command: { pid: 11, startTicks: 101, bootId: boot },
      },
    });
  });

  test("reads an exit and a failed start", () => {
    const exit = slot("reserved 1") + launch + slot("exit 1 12.34 256 1");
    expect(decodeRecord(exit).end).toEqual({ kind: "exit", uptime: 12.34, waitStatus: 256, left: true });
    const failed = slot("reserved 1") + launch + slot("failed 1 12.34 2 exec");
    expect(decodeRecord(failed).end).toEqual({ kind: "failed", uptime: 12.34, errno: 2, stage: "exec" });
  });

  test("reads why the command was being ended, and no cause that it does not know", () => {
    const stopping = (cause: string) =>
      decodeRecord(slot("reserved 1") + launch + slot("") + slot(`stopping ${cause}`));
    expect(stopping("CANCELED")).toMatchObject({ fence: 1, stopping: "CANCELED" });
    expect(stopping("constructor")).not.toHaveProperty("stopping");
  });

  test.each(["", "void", "reserved", "reserved x", "reserved -1"])("lets nobody start by the line %j", (line) => {
    expect(decodeRecord(slot(line)).fence).toBe(0);
  });

  test("takes a damaged slot for one that was not written, and believes the others", () => {
    expect(decodeRecord(slot("reserved 1") + slot("launch 1 10") + slot("exit 1 1.0 0 0"))).toEqual({
      fence: 1,
      end: { kind: "exit", uptime: 1, waitStatus: 0, left: false },
    });
    expect(decodeRecord(slot("reserved 1") + launch + slot("exit 1 1.0 0"))).not.toHaveProperty("end");
    expect(decodeRecord("\0".repeat(384))).toEqual({ fence: 0 });
  });

  test("makes a record of any bytes", () => {
    const line = fc.oneof(fc.string(), fc.constantFrom("reserved 1", "exit 1 1 0 0", "failed 1 1 2 exec", "void"));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 500 }).map((array) => Buffer.from(array).toString("latin1")),
      fc.array(line, { maxLength: 4 }).map((lines) => lines.map(slot).join("")),
    );
    fc.assert(
      fc.property(bytes, (text) => {
        expect(decodeRecord(text).fence).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("readRecord()", () => {
  test("finds no record where there is no file, and an empty one in an empty file", async () => {
    await using temp = await tempFolder();
    expect(readRecord(temp.file("process"))).toBeUndefined();
    writeFileSync(temp.file("process"), "");
    expect(readRecord(temp.file("process"))).toEqual({ fence: 0 });
  });

  test("reads no more than a record, whatever the size of the file", async () => {
    await using temp = await tempFolder();
    writeFileSync(temp.file("process"), reservedRecord(7));
    truncateSync(temp.file("process"), 1024 ** 4);
    expect(readRecord(temp.file("process"))).toEqual({ fence: 7 });
  });
});

describe("noteStopping()", () => {
  test("writes the first cause in place, also into a record of an earlier version, which has no place for it", async () => {
    await using temp = await tempFolder();
    const path = temp.file("process");
    for (const places of [2, 3]) {
      writeFileSync(path, slot("reserved 1") + launch + slot("").repeat(places - 1));
      noteStopping(path, "CANCELED");
      noteStopping(path, "RUN_TIME_LIMIT");
      expect(readRecord(path)).toMatchObject({ fence: 1, launch: {}, stopping: "CANCELED" });
      expect(readFileSync(path)).toHaveLength(512);
    }
  });
});

describe("moveFence()", () => {
  test("moves the right to start on, in place, and to nobody", async () => {
    await using temp = await tempFolder();
    const path = temp.file("process");
    writeFileSync(path, reservedRecord(1));
    expect(await moveFence(path, 1, 2)).toBe(true);
    expect(readFileSync(path, "latin1")).toBe(reservedRecord(2));
    expect(await moveFence(path, 1, 3)).toBe(false);
    expect(await moveFence(path, 2, 0)).toBe(true);
    expect(readFileSync(path)).toHaveLength(512);
    expect(readRecord(path)).toEqual({ fence: 0 });
  });

  test("leaves a launched record alone", async () => {
    await using temp = await tempFolder();
    const path = temp.file("process");
    const text = slot("reserved 1") + launch + slot("");
    writeFileSync(path, text);
    expect(await moveFence(path, 1, 0)).toBe(false);
    expect(readFileSync(path, "latin1")).toBe(text);
  });

  test("lets exactly one of many have it", async () => {
    await using temp = await tempFolder();
    const path = temp.file("process");
    writeFileSync(path, reservedRecord(1));
    const moved = await Promise.all(Array.from({ length: 20 }, (_, n) => moveFence(path, 1, n + 2)));
    expect(moved.filter(Boolean)).toHaveLength(1);
    expect(readRecord(path)?.fence).toBe(moved.indexOf(true) + 2);
  });
});
