import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "#core";
import { defaultBudget } from "../budget.ts";
import { ToolError } from "../errors.ts";
import { Pace } from "../pace.ts";
import type { ToolContext } from "../tool.ts";
import type { Budget } from "../wire.ts";
import { PortscanParams } from "./params-schema.ts";
import { portscan } from "./portscan.ts";

/** What a scan of loopback is given; `heard` sees each line. */
function contextOf(heard: (line: JsonObject) => void, signal: AbortSignal, budget: Partial<Budget> = {}): ToolContext {
  return {
    signal,
    budget: { ...defaultBudget, ...budget },
    targets: [{ host: "localhost", addresses: ["127.0.0.1"] }],
    line: heard,
    find: () => undefined,
  } as unknown as ToolContext;
}

describe("a port scan by connections", () => {
  test("tells an open port, and what it says first", async () => {
    const server = createServer((socket) => socket.on("error", () => undefined).end("220 \u0007ready\r\nmore"));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as { port: number };
    const lines: JsonObject[] = [];
    const params = PortscanParams.parse({ targets: ["localhost"], ports: `${port}`, services: true });
    await portscan.run(
      params,
      contextOf((line) => lines.push(line), new AbortController().signal),
    );
    server.close();
    expect(lines[0]).toMatchObject({ type: "port", port, state: "open", banner: "220 ready" });
    expect(lines.at(-1)).toMatchObject({ type: "summary", program: "connect", up: 1, open: 1, complete: true });
  });

  test("that is stopped says so, and looks at nothing more", async () => {
    const stop = new AbortController();
    const lines: JsonObject[] = [];
    const hear = (line: JsonObject): void => {
      lines.push(line);
      stop.abort(new ToolError("CANCELED", "the unit was cancelled"));
    };
    const params = PortscanParams.parse({ targets: ["localhost"], ports: "1-30", assumeUp: true });
    await portscan.run(params, contextOf(hear, stop.signal, { probesPerSecond: 5 }));
    expect(lines.filter(({ type }) => type === "port").length).toBeLessThan(30);
    expect(lines.at(-1)).toMatchObject({ type: "summary", complete: false });
  });

  test("asks for nmap by name only where there is one", async () => {
    const params = PortscanParams.parse({ targets: ["localhost"], program: "nmap" });
    const run = portscan.run(
      params,
      contextOf(() => undefined, new AbortController().signal),
    );
    await expect(run).rejects.toMatchObject({ code: "PROGRAM_MISSING" });
  });
});

test("asks() counts the ports, so that a scan of more than allowed is refused as a whole", () => {
  expect(portscan.asks(PortscanParams.parse({ targets: ["a", "b"], ports: "1-65535" }))).toEqual({
    targets: 2,
    ports: 65_535,
  });
});

test.each([
  { targets: ["-oN/tmp/x"] },
  { targets: ["10.0.0.1;id"] },
  { targets: ["10.0.0.1\n-iL/etc/passwd"] },
  { targets: ["$(id)"] },
  { targets: [] },
  { targets: Array.from({ length: 65 }, () => "10.0.0.1") },
  { targets: ["10.0.0.1"], ports: "1-1024 --script=vuln" },
  { targets: ["10.0.0.1"], script: "vuln" },
  { targets: ["10.0.0.1"], program: "/bin/sh" },
])("%j is no order for a scan", (params) => {
  expect(PortscanParams.safeParse(params).success).toBe(false);
});

test("Pace gives turns evenly, and saves none up", async () => {
  let now = 0;
  const clock = { elapsed: () => now, sleep: async (ms: number) => void (now += ms) };
  const pace = new Pace(10, clock);
  const at: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    await pace.turn(new AbortController().signal);
    at.push(now);
  }
  now = 5_000;
  for (let turn = 0; turn < 2; turn++) {
    await pace.turn(new AbortController().signal);
    at.push(now);
  }
  expect(at).toEqual([0, 100, 200, 5_000, 5_100]);
});
