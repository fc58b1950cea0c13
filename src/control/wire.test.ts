import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bannerOf,
  errorLine,
  type JsonObject,
  messageOfErrorLine,
  nodeIdOfBanner,
  parseRequest,
  replyLine,
  requestText,
} from "./wire.ts";

describe("parseRequest()", () => {
  test("splits text at the first space and lower-cases the command only", () => {
    expect(parseRequest("Work SUBMIT  Node x", 9)).toEqual({ kind: "text", name: "work", rest: "SUBMIT  Node x" });
    expect(parseRequest("STATUS", 9)).toEqual({ kind: "text", name: "status", rest: "" });
    expect(parseRequest("connect n s ", 9)).toEqual({ kind: "text", name: "connect", rest: "n s " });
  });

  test("takes a line that begins with a brace as JSON, the command as it is written", () => {
    const request = { command: "Status", requested_fields: ["Version"], ключ: "\u{1f600}" };
    expect(parseRequest(JSON.stringify(request), 9)).toEqual({ kind: "json", name: "Status", request });
  });

  test.each([
    ["{}", "JSON did not contain a command"],
    ['{"subcommand":"list"}', "JSON did not contain a command"],
    ['{"__proto__":{"command":"status"}}', "JSON did not contain a command"],
    ['{"command":7}', "command must be a string"],
    ['{"command":null}', "command must be a string"],
    ['{"command":"status","a":[[[[0]]]]}', "JSON is nested deeper than 4 levels"],
  ])("refuses %s", (line, message) => {
    expect(parseRequest(line, 4)).toEqual({ kind: "fault", message });
  });

  test("counts no brackets inside strings", () => {
    const request = { command: "a", text: '[[[[{{{{"[[\\"[[[' };
    expect(parseRequest(JSON.stringify(request), 2)).toMatchObject({ kind: "json", request });
  });

  test("answers broken JSON with the parser's text", () => {
    expect(parseRequest('{"command":"status"', 9)).toMatchObject({ kind: "fault", message: /JSON/ });
    expect(parseRequest("{".repeat(1_000_000), 64)).toEqual({
      kind: "fault",
      message: "JSON is nested deeper than 64 levels",
    });
  });

  test("never throws, and every outcome fits in one reply line", () => {
    const almostJson = fc.string({ unit: fc.constantFrom(...'{}[]":,\\ command\u2028é'.split("")) });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          almostJson,
          almostJson.map((text) => `{${text}`),
        ),
        (line) => {
          const parsed = parseRequest(line, 8);
          if (parsed.kind === "fault") expect(errorLine(parsed.message)).not.toMatch(/[\r\n]/);
          if (parsed.kind === "text") expect(line.toLowerCase()).toMatch(parsed.name);
        },
      ),
    );
  });

  test("gives back any JSON request a client can write", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (keys) => {
        const request: JsonObject = JSON.parse(JSON.stringify({ ...keys, command: "work" }));
        expect(parseRequest(replyLine(request), 64)).toEqual({ kind: "json", name: "work", request });
      }),
    );
  });
});

test("requestText() drops every carriage return", () => {
  expect(requestText("\rsta\rtus\r")).toBe("status");
  expect(requestText("\r\r")).toBe("");
});

test("nodeIdOfBanner() undoes bannerOf() and takes nothing else", () => {
  expect(nodeIdOfBanner(`${bannerOf("node one")}\r`)).toBe("node one");
  expect(nodeIdOfBanner("Receptor Control, node ")).toBeUndefined();
  expect(nodeIdOfBanner("SSH-2.0-OpenSSH_9.2")).toBeUndefined();
});

test("errorLine() folds line breaks, and messageOfErrorLine() gives the text after the seventh character", () => {
  expect(errorLine("one\n  two\r\nthree\n")).toBe("ERROR: one two three");
  expect(messageOfErrorLine("ERROR: unknown work unit x")).toBe("unknown work unit x");
  expect(messageOfErrorLine('{"ERROR:":1}')).toBeUndefined();
});
