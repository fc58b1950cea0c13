import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Hops } from "./hops.ts";
import { mtrArguments, readMtrLine } from "./mtr.ts";
import { TracerouteParams } from "./params-schema.ts";
import type { HopLine } from "./result.ts";
import { readTracerouteLine, tracerouteArguments } from "./traceroute-program.ts";

const target = "10.0.0.9";

/** Lines that are told for what mtr writes. */
function toldBy(hops: Hops, ...lines: string[]): HopLine[] {
  return lines.flatMap((line) => readMtrLine(line, hops) ?? []);
}

describe("hops by mtr", () => {
  test("are told as they answer, with hop numbers from 1 and milliseconds", () => {
    const told = toldBy(new Hops(target), "x 0 33000", "h 0 10.0.0.1", "p 0 1500 33000");
    expect(told).toEqual([
      {
        ...{ type: "hop", hop: 1, addresses: ["10.0.0.1"], sent: 1, received: 1, loss: 0 },
        ...{ lastMs: 1.5, bestMs: 1.5, averageMs: 1.5, worstMs: 1.5 },
      },
    ]);
  });

  test("count a probe as lost once the next one goes out, and what is on its way at the end", () => {
    const hops = new Hops(target);
    expect(toldBy(hops, "x 0 1", "x 0 2")).toMatchObject([{ sent: 1, received: 0, loss: 1, addresses: [] }]);
    expect(hops.end()).toMatchObject([{ hop: 1, sent: 2, loss: 1 }]);
  });

  test("behind the target are not told, and do not count", () => {
    const hops = new Hops(target);
    const told = toldBy(hops, "x 0 1", "x 1 2", "h 0 10.0.0.9", "p 0 100 1", "h 1 10.0.0.9", "p 1 100 2");
    expect(told.map(({ hop }) => hop)).toEqual([1]);
    expect(hops.summary()).toEqual({ reached: true, hops: 1 });
  });

  test("that answer as several routers are told with all of them, the last one first", () => {
    const told = toldBy(new Hops(target), "x 0 1", "h 0 10.0.0.1", "p 0 100 1", "x 0 2", "h 0 10.0.0.2", "p 0 100 2");
    expect(told.at(-1)?.addresses).toEqual(["10.0.0.2", "10.0.0.1"]);
  });

  test("never have more answers than probes, whatever is written", () => {
    const line = fc
      .tuple(fc.constantFrom("x", "p", "h", "d", ""), fc.nat(300), fc.nat(5), fc.nat(9))
      .map((words) => words.join(" "));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const hops = new Hops(target);
        for (const { sent, received, loss } of [...toldBy(hops, ...lines), ...hops.end()]) {
          expect(received).toBeLessThanOrEqual(sent);
          expect(loss).toBeGreaterThanOrEqual(0);
          expect(loss).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe("hops by traceroute", () => {
  test("are read from a line: who, when, and what was lost", () => {
    const hops = new Hops(target);
    const told = readTracerouteLine(" 2  10.0.0.1  0.123 ms 10.0.0.2  0.500 ms *", hops);
    expect(told.at(-1)).toMatchObject({
      hop: 2,
      addresses: ["10.0.0.2", "10.0.0.1"],
      sent: 3,
      received: 2,
      loss: 0.333,
    });
    expect(hops.summary()).toEqual({ reached: false, hops: 2 });
  });

  test("are not found in its heading", () => {
    expect(readTracerouteLine("traceroute to 10.0.0.9 (10.0.0.9), 30 hops max", new Hops(target))).toEqual([]);
  });
});

describe("arguments", () => {
  const params = TracerouteParams.parse({ target, method: "tcp", port: 443, probes: 50 });

  test("of mtr have the address behind `--`, where nothing is an option", () => {
    const argv = mtrArguments(params, target);
    expect(argv.slice(-2)).toEqual(["--", target]);
    expect(argv).toEqual(expect.arrayContaining(["--raw", "-n", "-4", "-T", "-P", "443", "-c", "50"]));
  });

  test("of traceroute ask for no more probes than it takes, and for TCP without raw sockets where there are none", () => {
    expect(tracerouteArguments(params, "fd00::1", false)).toEqual(
      expect.arrayContaining(["-6", "-M", "tcpconn", "-q", "10", "-p", "443"]),
    );
    expect(tracerouteArguments(params, target, true)).toContain("-T");
  });
});
