import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "#core";
import { startChild } from "../child.ts";
import { findProgram } from "../find-program.ts";
import type { ToolContext } from "../tool.ts";
import { daysLeft, namesOf } from "./certificate.ts";
import { decodeAnswer, encodeQuestion } from "./dns-message.ts";
import { HttpParams, PingParams } from "./params-schema.ts";
import { ping } from "./ping.ts";
import { readTracerouteAnswer } from "./ping-by-traceroute.ts";
import { readFpingLine, readPingLine } from "./ping-lines.ts";
import { TracerouteParams } from "../traceroute/params-schema.ts";
import { traceroute } from "../traceroute/traceroute.ts";

describe("a question to a name server", () => {
  const question = { id: 4_711, name: "web.example.test", recordType: "A", dnssec: true };

  test("asks with EDNS, for signatures when they are wanted", () => {
    const bytes = encodeQuestion(question);
    expect(bytes.readUInt16BE(0)).toBe(4_711);
    // OPT: root, type 41, payload size 1,232, DO.
    expect(bytes.subarray(-11).toString("hex")).toBe("00002904d0000080000000");
    expect(
      encodeQuestion({ ...question, dnssec: false })
        .subarray(-4)
        .toString("hex"),
    ).toBe("00000000");
  });

  test("takes no other answer for its own: another id, another name, the question itself", () => {
    const response = Buffer.from(encodeQuestion(question));
    response[2] = 0x84;
    expect(decodeAnswer(response, question)).toMatchObject({ code: "NOERROR", answers: [], authoritative: true });
    expect(decodeAnswer(response, { ...question, id: 1 })).toBeUndefined();
    expect(decodeAnswer(response, { ...question, name: "other.example.test" })).toBeUndefined();
    expect(decodeAnswer(encodeQuestion(question), question)).toBeUndefined();
  });

  test("survives whatever comes back", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const answer = Buffer.concat([Buffer.from("126784000001000100000000", "hex"), bytes]);
        decodeAnswer(answer, question);
        decodeAnswer(Buffer.from(bytes), question);
      }),
    );
  });
});

describe("lines of programs that ping", () => {
  test.each([
    ["64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.053 ms", { ms: 0.053 }],
    ["no answer yet for icmp_seq=2", { ms: undefined }],
    ["From 10.0.0.1 icmp_seq=1 Destination Host Unreachable", { ms: undefined }],
    ["PING 10.0.0.1 (10.0.0.1) 56(84) bytes of data.", undefined],
    ["rtt min/avg/max/mdev = 0.053/0.053/0.053/0.000 ms", undefined],
  ])("readPingLine() of %s", (line, answer) => {
    expect(readPingLine(line)).toEqual(answer);
  });

  test.each([
    ["10.0.0.1 : [0], 64 bytes, 0.034 ms (0.034 avg, 0% loss)", { ms: 0.034 }],
    ["10.0.0.1 : [1], timed out (NaN avg, 100% loss)", { ms: undefined }],
    ["10.0.0.1 : 0.03", undefined],
  ])("readFpingLine() of %s", (line, answer) => {
    expect(readFpingLine(line)).toEqual(answer);
  });

  test("of traceroute count only what the target itself answered", () => {
    const line = "64  10.0.0.9  0.05 ms  0.04 ms 10.0.0.1  0.03 ms !H *";
    expect(readTracerouteAnswer(line, "10.0.0.9").map(({ ms }) => ms)).toEqual([0.05, 0.04, undefined, undefined]);
  });
});

test("ping goes by traceroute where this machine has no program for it", async () => {
  const { lines, context } = standing(["127.0.0.1"], ["traceroute"]);
  const params = PingParams.parse({ host: "localhost", attempts: 2 });
  expect(await ping.run(params, context)).toBe(0);
  expect(lines.at(-1)).toMatchObject({ type: "summary", program: "traceroute", verdict: "up", attempts: 2, good: 2 });
});

test("an address that cannot even be tried is left for the next one", async () => {
  const unreachable = "255.255.255.255";
  const { lines, context } = standing([unreachable, "127.0.0.1"], ["traceroute", "mtr"]);
  expect(await ping.run(PingParams.parse({ host: "localhost", attempts: 1 }), context)).toBe(0);
  expect(lines.at(-1)).toMatchObject({ type: "summary", verdict: "up" });
  expect(await traceroute.run(TracerouteParams.parse({ target: "localhost", probes: 1 }), context)).toBe(0);
  expect(lines.at(-1)).toMatchObject({ type: "summary", address: "127.0.0.1", reached: true });
  await expect(
    ping.run(PingParams.parse({ host: "x" }), standing([unreachable], ["traceroute"]).context),
  ).rejects.toThrow(/^traceroute: .*Permission denied/);
});

/** What a tool has that may run only these programs. */
function standing(addresses: readonly string[], programs: readonly string[]) {
  const lines: JsonObject[] = [];
  const context = {
    signal: new AbortController().signal,
    targets: [{ host: "localhost", addresses }],
    line: (value: JsonObject) => void lines.push(value),
    note: () => undefined,
    find: (program: string) => (programs.includes(program) ? findProgram(program) : undefined),
    start: (path: string, argv: readonly string[]) => startChild(path, argv, findProgram("setpriv") ?? ""),
  } as unknown as ToolContext;
  return { lines, context };
}

describe("a certificate", () => {
  test("has whole days left, and none when it is over", () => {
    expect(daysLeft("2026-01-03T00:00:00.000Z", Date.parse("2026-01-01T12:00:00Z"))).toBe(1);
    expect(daysLeft("2026-01-01T00:00:00.000Z", Date.parse("2026-01-01T12:00:00Z"))).toBe(-1);
  });

  test("names hosts and addresses, and nothing else it may hold", () => {
    const subjectaltname = "DNS:a.example, IP Address:10.0.0.1, email:root@a.example";
    expect(namesOf({ subjectaltname })).toEqual(["a.example", "10.0.0.1"]);
  });
});

test.each([
  ["http://user:secret@example.org/", false],
  ["file:///etc/passwd", false],
  ["gopher://example.org/", false],
  ["http://", false],
  ["http://example.org/\r\nX: y", false],
  ["https://[::1]:8443/a?b", true],
])("an HTTP probe of %j is let through: %s", (url, isRight) => {
  expect(HttpParams.safeParse({ url }).success).toBe(isRight);
});
