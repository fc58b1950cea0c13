import { describe, expect, test } from "vitest";
import type { UnitReport } from "#work/wire";
import { coloursFor, noColours } from "./colours.ts";
import { oneLine, readableAge, readableDuration, readableSize } from "./quantities.ts";
import { tableLines } from "./table.ts";
import { oldestFirst, unitLines, unitTable } from "./unit-text.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [100 * 2 ** 20, "100 MiB"],
  [3.4 * 2 ** 30, "3.4 GiB"],
])("readableSize(%d) is %s", (bytes, text) => expect(readableSize(bytes)).toBe(text));

test.each([
  [0.04, "40 ms"],
  [5, "5.0 s"],
  [59.99, "1 m 0 s"],
  [200, "3 m 20 s"],
  [7500, "2 h 5 m"],
  [356_400, "4 d 3 h"],
])("readableDuration(%d) is %s", (seconds, text) => expect(readableDuration(seconds)).toBe(text));

test.each([
  [-5, "now"],
  [40, "40s"],
  [3599, "59m"],
  [86_399, "23h"],
  [86_400 * 12, "12d"],
])("readableAge(%d) is %s", (seconds, text) => expect(readableAge(seconds)).toBe(text));

test("oneLine() lets nothing through that a terminal would act on", () => {
  expect(oneLine("a\nb\t\u001B[31mred\u007F")).toBe("a b ?[31mred?");
});

describe("coloursFor()", () => {
  test.each([
    ["a terminal", true, {}, true],
    ["a pipe", false, {}, false],
    ["a terminal under NO_COLOR", true, { NO_COLOR: "1" }, false],
    ["a pipe under FORCE_COLOR", false, { FORCE_COLOR: "1" }, true],
    ["a dumb terminal", true, { TERM: "dumb" }, false],
  ] as const)("%s", (_what, isTerminal, env, coloured) => {
    expect(coloursFor(isTerminal, env).good("x") !== "x").toBe(coloured);
  });
});

test("tableLines() cuts the last column to the width of the terminal", () => {
  const rows = [[{ text: "a" }, { text: "a long story about everything" }]];
  expect(tableLines(rows, 20)).toEqual(["a  a long story abo…"]);
  expect(tableLines(rows)).toEqual(["a  a long story about everything"]);
});

const now = Date.parse("2026-01-01T00:01:00Z");
const report: UnitReport = {
  State: 2,
  StateName: "Succeeded",
  Detail: "exit status 0",
  StdoutSize: 2048,
  WorkType: "hello",
  ExtraData: { Pid: 1, Params: "-c x" },
  ExitCode: 0,
  CreatedAt: "2026-01-01T00:00:00Z",
};

test("unitTable() stands in columns", () => {
  const units = { abcd1234: report, b: { ...report, State: 1, StdoutSize: 0, WorkType: "a-long-type" } };
  expect(unitTable(units, now, { colours: noColours, columns: undefined })).toEqual([
    "ID        STATE      TYPE         AGE     SIZE  DETAIL",
    "abcd1234  Succeeded  hello         1m  2.0 KiB  exit status 0",
    "b         Running    a-long-type   1m      0 B  exit status 0",
  ]);
});

test("CAT-63: who ordered a unit through a server is shown, and of the others nobody", () => {
  const RequestedBy = { User: "ann (u-7)", Level: "operate", Session: "s1", Source: "192.0.2.4" };
  const look = { colours: noColours, columns: undefined };
  expect(unitTable({ abcd1234: report, b: { ...report, RequestedBy } }, now, look)).toEqual([
    "ID        STATE      TYPE   BY   AGE     SIZE  DETAIL",
    "abcd1234  Succeeded  hello  -     1m  2.0 KiB  exit status 0",
    "b         Succeeded  hello  ann   1m  2.0 KiB  exit status 0",
  ]);
  expect(unitLines("b", { ...report, RequestedBy }, now, look)).toContain(
    "asked by  ann (u-7), as operate, from 192.0.2.4",
  );
});

describe("work of another node", () => {
  const ExtraData = { RemoteNode: "bar", RemoteWorkType: "echoint", RemoteUnitID: "Zb81kQpL", LocalCancelled: true };
  const remote = { ...report, State: 1, WorkType: "remote", ExtraData, Stalled: "no route to node" };

  test("unitTable() says which node, and what is waited for", () => {
    const lines = unitTable({ abcd1234: report, b: remote }, now, { colours: noColours, columns: undefined });
    expect(lines).toEqual([
      "ID        STATE      TYPE     NODE  AGE     SIZE  DETAIL",
      "abcd1234  Succeeded  hello    -      1m  2.0 KiB  exit status 0",
      "b         Running    echoint  bar    1m  2.0 KiB  cancel waits for bar; exit status 0",
    ]);
  });

  test("unitLines() says which unit there, and why nothing is heard of it", () => {
    const lines = unitLines("b", remote, now, { colours: noColours, columns: undefined });
    expect(lines).toEqual(
      expect.arrayContaining([
        "type      echoint",
        "node      bar, unit Zb81kQpL there",
        "waiting   cancel waits for bar",
        "because   no route to node",
      ]),
    );
  });
});

test("oldestFirst() orders by creation; units of old daemons, which do not say, come first", () => {
  const { CreatedAt, ...old } = report;
  const units = { b: { ...report, CreatedAt: "2026-01-02T00:00:00Z" }, a: report, c: old };
  expect(Object.keys(oldestFirst(units))).toEqual(["c", "a", "b"]);
});

test("unitLines() leaves out what is not known", () => {
  const lines = unitLines("abcd1234", report, now, { colours: noColours, columns: undefined });
  expect(lines.map((line) => line.split(" ")[0])).toEqual([
    "unit",
    "type",
    "state",
    "detail",
    "params",
    "output",
    "created",
  ]);
  expect(lines[2]).toBe("state     Succeeded, exit code 0");
  expect(lines[5]).toBe("output    2.0 KiB (2048 bytes)");
});
