import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { unitCauses, type UnitStatus } from "../wire.ts";
import { createUnitFolder, unitFolder } from "./unit-folder.ts";
import { decodeStatus, encodeStatus, readableStatus, readStatus, updateStatus } from "./status-file.ts";

const plain: UnitStatus = { State: 1, Detail: "Running: PID 2", StdoutSize: 12, WorkType: "sleep", ExtraData: null };

async function newFolder() {
  const temp = await tempFolder();
  const folder = unitFolder(temp.path, "Ab3dEf9h");
  createUnitFolder(folder, temp.file("draft"), plain);
  return { folder, [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose]() };
}

describe("encodeStatus()", () => {
  test("writes Receptor's line, key for key", () => {
    const ExtraData = { Pid: 4240, Params: '-c "read N"' };
    expect(encodeStatus({ ...plain, Detail: "Running: PID 4242", ExtraData })).toBe(
      '{"State":1,"Detail":"Running: PID 4242","StdoutSize":12,"WorkType":"sleep","ExtraData":{"Pid":4240,"Params":"-c \\"read N\\""}}\n',
    );
  });

  test("writes Farhand's own fields behind Receptor's, whatever their order in memory", () => {
    const text = encodeStatus({ ExitCode: 0, Cause: "EXITED", ...plain });
    expect(Object.keys(JSON.parse(text))).toEqual(
      "State Detail StdoutSize WorkType ExtraData ExitCode Cause".split(" "),
    );
  });
});

describe("decodeStatus()", () => {
  test("keeps fields it does not know", () => {
    expect(decodeStatus('{"State":0,"WorkType":"x","New":{"a":[1]}}')).toEqual({
      State: 0,
      Detail: "",
      StdoutSize: 0,
      WorkType: "x",
      ExtraData: null,
      New: { a: [1] },
    });
  });

  test.each([
    ["ExitCode", [-1, 1.5, "0", null]],
    ["Signal", [9, null, {}]],
    ["CoreDumped", ["true", 1]],
    ["Cause", ["BORED", "toString", 1, ["EXITED"]]],
    ["Stopping", ["constructor", true]],
    ["CreatedAt", ["yesterday", 5, null]],
    ["StartedAt", ["", {}]],
    ["FinishedAt", ["2024-13-45T99:00:00Z"]],
    ["StdoutSha256", ["abc", "G".repeat(64), 1]],
    ["RunSeconds", [-1, "1", null]],
    ["Reaped", [-1, "1"]],
    ["LeftRunning", [0.5]],
    ["Queued", ["yes", 1]],
  ])("drops a damaged %s and keeps the rest", (field, values) => {
    for (const value of values) expect(decodeStatus(JSON.stringify({ ...plain, [field]: value }))).toEqual(plain);
  });

  test.each([
    ['{"WorkType":"x"}', "field State of the status is missing or not valid"],
    ['{"State":"1","WorkType":"x"}', "field State of the status is missing or not valid"],
    ['{"State":-1,"WorkType":"x"}', "field State of the status is missing or not valid"],
    ['{"State":1}', "field WorkType of the status is missing or not valid"],
    ['{"State":1,"WorkType":"x","Detail":5}', "field Detail of the status is missing or not valid"],
    ['{"State":1,"WorkType":"x","StdoutSize":1e300}', "field StdoutSize of the status is missing or not valid"],
    ['{"State":1,"WorkType":"x","StdoutSize":-1}', "field StdoutSize of the status is missing or not valid"],
    ['{"State":1,"WorkType":"x","ExtraData":{"n":[-1e999]}}', "number in field 0 of the status is too large"],
    [`{"State":1,"WorkType":"x","Own":1${"0".repeat(309)}}`, "number in field Own of the status is too large"],
    ["[]", "status is no object"],
    ["null", "status is no object"],
    ["7", "status is no object"],
  ])("refuses %s: %s", (text, message) => {
    expect(() => decodeStatus(text)).toThrow(message);
  });

  test.each(["", "{", '{"State":1,"WorkTy', "\0\0\0", "{}{}"])("refuses %j", (text) => {
    expect(() => decodeStatus(text)).toThrow(SyntaxError);
  });

  test("gives back what was encoded", () => {
    const time = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((at) => at.toISOString());
    const status = fc.record(
      {
        State: fc.nat(9),
        Detail: fc.string({ unit: "binary" }),
        StdoutSize: fc.maxSafeNat(),
        WorkType: fc.string(),
        ExtraData: fc.jsonValue(),
        ExitCode: fc.nat(255),
        Signal: fc.string(),
        CoreDumped: fc.boolean(),
        Cause: fc.constantFrom(...Object.keys(unitCauses)),
        FinishedAt: time,
        StdoutSha256: fc.string({
          unit: fc.constantFrom(...Array.from("0123456789abcdef")),
          minLength: 64,
          maxLength: 64,
        }),
        RunSeconds: fc.nat(),
        Reaped: fc.nat(),
      },
      { requiredKeys: ["State", "Detail", "StdoutSize", "WorkType", "ExtraData"] },
    );
    fc.assert(
      fc.property(status, (drawn) => {
        const text = encodeStatus(drawn as UnitStatus);
        expect(text.indexOf("\n")).toBe(text.length - 1);
        // By way of JSON, which knows no -0.
        expect(decodeStatus(text)).toEqual(JSON.parse(JSON.stringify(drawn)));
      }),
    );
  });

  test("makes a status or an error of any JSON and of any bytes", () => {
    const anyText = fc.oneof(
      fc.json(),
      fc
        .dictionary(fc.constantFrom(...Object.keys(plain), "Cause", "__proto__"), fc.jsonValue())
        .map((v) => JSON.stringify(v)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("utf8")),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        let status: UnitStatus;
        try {
          status = decodeStatus(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          return;
        }
        expect(Number.isSafeInteger(status.State) && Number.isSafeInteger(status.StdoutSize)).toBe(true);
        expect(typeof status.Detail === "string" && typeof status.WorkType === "string").toBe(true);
      }),
    );
  });
});

describe("readStatus()", () => {
  test("refuses a file of a hostile size before reading it", async () => {
    await using made = await newFolder();
    const { status } = made.folder;
    truncateSync(status, 1024 ** 4);
    expect(() => readStatus(made.folder)).toThrow("status is too large");
    expect(readableStatus(made.folder)).toBeUndefined();
  });
});

describe("updateStatus()", () => {
  test("loses no change of several writers, and no reader ever sees half of one", async () => {
    await using made = await newFolder();
    const { folder } = made;
    const writer = async () => {
      for (let n = 0; n < 25; n++) {
        await updateStatus(folder, (now) => ({ ...plain, StdoutSize: (now?.StdoutSize ?? 0) + 1 }));
        readStatus(folder);
      }
    };
    await Promise.all([writer(), writer(), writer(), writer()]);
    expect(readStatus(folder).StdoutSize).toBe(12 + 100);
  });

  test("gives the change nothing when the file cannot be read, and replaces it", async () => {
    await using made = await newFolder();
    writeFileSync(made.folder.status, "{");
    const seen: unknown[] = [];
    await updateStatus(made.folder, (now) => {
      seen.push(now);
      return plain;
    });
    expect(seen).toEqual([undefined]);
    expect(readStatus(made.folder)).toEqual(plain);
  });

  test("keeps the file private and leaves nothing beside it", async () => {
    await using made = await newFolder();
    await updateStatus(made.folder, () => plain, { durable: true });
    expect(statSync(made.folder.status).mode & 0o777).toBe(0o600);
    expect(readFileSync(made.folder.status, "utf8")).toBe(encodeStatus(plain));
    expect(statSync(`${made.folder.status}.new`, { throwIfNoEntry: false })).toBeUndefined();
  });
});
