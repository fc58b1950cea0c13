import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WorkError } from "./errors.ts";
import { parseWorkJson, parseWorkText } from "./requests.ts";

const submit = { subcommand: "submit", node: "node1", worktype: "echo" };

describe("parseWorkText()", () => {
  test.each([
    ["submit node1 echo", { kind: "submit", node: "node1", workType: "echo", params: {} }],
    ["SUBMIT node1 echo", { kind: "submit", node: "node1", workType: "echo", params: {} }],
    ["submit node1 echo -a  b ", { kind: "submit", node: "node1", workType: "echo", params: { params: "-a  b " } }],
    ["list", { kind: "list" }],
    ["list ", { kind: "list" }],
    ["list Ab3dEf9h", { kind: "list", unitId: "Ab3dEf9h" }],
    ["status Ab3dEf9h", { kind: "status", unitId: "Ab3dEf9h" }],
    ["cancel Ab3dEf9h", { kind: "cancel", unitId: "Ab3dEf9h" }],
    ["release Ab3dEf9h", { kind: "release", unitId: "Ab3dEf9h" }],
    ["Force-Release Ab3dEf9h", { kind: "force-release", unitId: "Ab3dEf9h" }],
    ["results Ab3dEf9h", { kind: "results", unitId: "Ab3dEf9h", startPos: 0 }],
    ["results Ab3dEf9h 12", { kind: "results", unitId: "Ab3dEf9h", startPos: 12 }],
    ["results Ab3dEf9h +12", { kind: "results", unitId: "Ab3dEf9h", startPos: 12 }],
  ])("reads %j", (text, request) => {
    expect(parseWorkText(text)).toEqual(request);
  });

  test.each([
    ["", "no work subcommand"],
    [" list", "no work subcommand"],
    ["dance", "bad command"],
    ["submit", "work submit requires a target node and work type"],
    ["submit node1", "work submit requires a target node and work type"],
    ["submit node1 ", "work submit requires a target node and work type"],
    ["status", "work status requires a unit ID"],
    ["status ", "work status requires a unit ID"],
    ["cancel", "work cancel requires a unit ID"],
    ["release", "work release requires a unit ID"],
    ["force-release", "work force-release requires a unit ID"],
    ["status Ab3dEf9h x", "work status does not take parameters after the unit ID"],
    ["cancel Ab3dEf9h x", "work cancel does not take parameters after the unit ID"],
    ["release Ab3dEf9h x", "work release does not take parameters after the unit ID"],
    ["force-release Ab3dEf9h x", "work force-release does not take parameters after the unit ID"],
    ["results", "work results requires a unit ID"],
    ["results Ab3dEf9h 0 x", "work results only takes a unit ID and optional start position"],
  ])("refuses %j: %s", (text, message) => {
    expect(() => parseWorkText(text)).toThrow(
      expect.objectContaining({ name: "WorkError", code: "REQUEST_INVALID", message }),
    );
  });

  test.each(["x", "", "-1", "1.5", "0x10", "1e3", " 1", "9007199254740992", "99999999999999999999"])(
    "refuses the start position %j",
    (start) => {
      expect(() => parseWorkText(`results Ab3dEf9h ${start}`)).toThrow(
        start.startsWith(" ") ? /only takes a unit ID/ : /^error converting start position to integer: /,
      );
    },
  );
});

describe("parseWorkJson()", () => {
  test("passes every key that is not reserved to the work type", () => {
    const reserved = { command: "work", tlsclient: "", ttl: "", signwork: "false", signature: "", workUnitID: "" };
    expect(parseWorkJson({ ...submit, ...reserved, params: "5", Params: "6", other: "" })).toEqual({
      kind: "submit",
      node: "node1",
      workType: "echo",
      params: { params: "5", Params: "6", other: "" },
    });
  });

  test("keeps what is reserved and means something here", () => {
    const request = { ...submit, workUnitID: "Ab3dEf9hX", ttl: "10h", signature: "abc" };
    expect(parseWorkJson(request)).toEqual({
      kind: "submit",
      node: "node1",
      workType: "echo",
      params: {},
      wantedId: "Ab3dEf9hX",
      ttl: "10h",
      signature: "abc",
    });
  });

  test.each([
    [{ subcommand: "LIST" }, { kind: "list" }],
    [
      { subcommand: "list", unitid: "Ab3dEf9h" },
      { kind: "list", unitId: "Ab3dEf9h" },
    ],
    [
      { subcommand: "status", unitid: "Ab3dEf9h" },
      { kind: "status", unitId: "Ab3dEf9h" },
    ],
    [
      { subcommand: "cancel", unitid: "Ab3dEf9h" },
      { kind: "cancel", unitId: "Ab3dEf9h" },
    ],
    [
      { subcommand: "release", unitid: "Ab3dEf9h", signature: "s" },
      { kind: "release", unitId: "Ab3dEf9h", signature: "s" },
    ],
    [
      { subcommand: "force-release", unitid: "Ab3dEf9h" },
      { kind: "force-release", unitId: "Ab3dEf9h" },
    ],
    [
      { subcommand: "results", unitid: "Ab3dEf9h", startpos: 7 },
      { kind: "results", unitId: "Ab3dEf9h", startPos: 7 },
    ],
    [
      { subcommand: "results", unitid: "Ab3dEf9h", startpos: "7" },
      { kind: "results", unitId: "Ab3dEf9h", startPos: 7 },
    ],
  ])("reads %j", (request, expected) => {
    expect(parseWorkJson(request)).toEqual(expected);
  });

  test.each([
    [{}, "field subcommand missing"],
    [{ subcommand: 1 }, "field subcommand must be a string"],
    [{ subcommand: "dance" }, "bad command"],
    [{ subcommand: "" }, "bad command"],
    [{ subcommand: "submit", worktype: "echo" }, "field node missing"],
    [{ subcommand: "submit", node: "node1" }, "field worktype missing"],
    [{ ...submit, node: 1 }, "field node must be a string"],
    [{ ...submit, worktype: null }, "field worktype must be a string"],
    [{ ...submit, params: 5 }, "submit parameters must all be strings and params is not"],
    [{ ...submit, signwork: true }, "submit parameters must all be strings and signwork is not"],
    [{ subcommand: "list", unitid: 5 }, "field unitid must be a string"],
    [{ subcommand: "status" }, "field unitid missing"],
    [{ subcommand: "cancel" }, "field unitid missing"],
    [{ subcommand: "release", unitid: [] }, "field unitid must be a string"],
    [{ subcommand: "force-release" }, "field unitid missing"],
    [{ subcommand: "results", startpos: 0 }, "field unitid missing"],
    [{ subcommand: "results", unitid: "Ab3dEf9h" }, "field startpos missing"],
  ])("refuses %j: %s", (request, message) => {
    expect(() => parseWorkJson(request)).toThrow(expect.objectContaining({ code: "REQUEST_INVALID", message }));
  });

  test.each([-1, 1.5, 2 ** 53, 1e21, true, null, [], {}, "", "x"])("refuses the start position %j", (startpos) => {
    expect(() => parseWorkJson({ subcommand: "results", unitid: "Ab3dEf9h", startpos })).toThrow(
      /^error converting start position to integer: /,
    );
  });
});

test("no request does anything but parse or be refused", () => {
  const words = fc.constantFrom("submit", "list", "status", "cancel", "release", "force-release", "results");
  fc.assert(
    fc.property(words, fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (subcommand, text, keys) => {
      for (const parse of [
        () => parseWorkText(`${subcommand} ${text}`),
        () => parseWorkJson({ ...keys, subcommand }),
      ]) {
        try {
          expect(parse().kind).toBe(subcommand);
        } catch (error) {
          expect(error).toBeInstanceOf(WorkError);
        }
      }
    }),
  );
});
