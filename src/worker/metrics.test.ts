import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { freePort } from "../../test/kit/free-port.ts";
import { openMetrics } from "./metrics.ts";

async function open(unitsByState = () => new Map([["Running", 2]])) {
  const port = await freePort();
  const source = { nodeId: 'al"pha', version: "1.2.3", unitsByState, helpers: () => 4 };
  const metrics = await openMetrics("127.0.0.1", port, source);
  const get = (path: string, options: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, options);
  return { get, port, [Symbol.asyncDispose]: () => metrics.close() };
}

describe("openMetrics()", () => {
  test("shows units by state, helpers and version, as Prometheus reads them", async () => {
    await using metrics = await open();
    const response = await metrics.get("/metrics");
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=/);
    const lines = (await response.text()).split("\n");
    expect(lines).toContain('farhand_units{state="Running",node="al\\"pha"} 2');
    expect(lines).toContain('farhand_helpers{node="al\\"pha"} 4');
    expect(lines).toContain('farhand_info{version="1.2.3",node="al\\"pha"} 1');
    expect(lines.some((line) => line.startsWith("process_resident_memory_bytes{"))).toBe(true);
  });

  test("shows every state, also those no unit is in", async () => {
    const states = new Map([["Running", 1]]);
    await using metrics = await open(() => states);
    const counts = async () => {
      const text = await (await metrics.get("/metrics")).text();
      return Object.fromEntries(
        [...text.matchAll(/^farhand_units\{state="(\w+)".*\} (\d+)$/gm)].map((m) => m.slice(1)),
      );
    };
    const none = { Pending: "0", Running: "0", Succeeded: "0", Failed: "0", Canceled: "0" };
    expect(await counts()).toEqual({ ...none, Running: "1" });
    states.delete("Running");
    states.set("Failed", 1);
    expect(await counts()).toEqual({ ...none, Failed: "1" });
  });

  test("answers /healthz, and nothing else", async () => {
    await using metrics = await open();
    expect(await (await metrics.get("/healthz")).json()).toEqual({ status: "ok", node: 'al"pha' });
    expect((await metrics.get("/")).status).toBe(404);
    expect((await metrics.get("/metrics", { method: "POST" })).status).toBe(405);
    expect((await metrics.get("/healthz", { method: "HEAD" })).status).toBe(200);
  });

  test("refuses a port that is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const source = { nodeId: "alpha", version: "1", unitsByState: () => new Map(), helpers: () => 0 };
    await expect(openMetrics("127.0.0.1", port, source)).rejects.toMatchObject({
      code: "PORT_UNAVAILABLE",
      message: expect.stringContaining(`cannot listen on 127.0.0.1:${port}`),
    });
    await new Promise((resolve) => other.close(resolve));
  });

  test("frees its port when it is closed", async () => {
    const metrics = await open();
    await metrics.get("/healthz");
    await metrics[Symbol.asyncDispose]();
    await expect(metrics.get("/healthz")).rejects.toThrow("fetch failed");
  });
});
