import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { freePort } from "../../test/kit/free-port.ts";
import { meshSeries } from "./mesh-metrics.ts";
import { openMetrics, type Series } from "./metrics.ts";
import { unitSeries } from "./unit-metrics.ts";

const series: Series[] = [
  { name: "links", help: "Links", kind: "gauge", labels: [], read: () => [[[], 4]] },
  { name: "sent_total", help: "Sent", kind: "counter", labels: ["to"], read: () => [[["x"], 7]] },
];

async function open(more: Series[] = series) {
  const port = await freePort();
  const metrics = await openMetrics("127.0.0.1", port, { nodeId: 'al"pha', version: "1.2.3", series: more });
  const get = (path: string, options: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, options);
  return { get, port, [Symbol.asyncDispose]: () => metrics.close() };
}

const linesIn = async (response: Response) => (await response.text()).split("\n");

describe("openMetrics()", () => {
  test("shows series and version, as Prometheus reads them, again and again", async () => {
    await using metrics = await open();
    for (let scrape = 0; scrape < 2; scrape++) {
      const response = await metrics.get("/metrics");
      expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=/);
      const lines = await linesIn(response);
      expect(lines).toContain('links{node="al\\"pha"} 4');
      expect(lines).toContain("# TYPE sent_total counter");
      expect(lines).toContain('sent_total{to="x",node="al\\"pha"} 7');
      expect(lines).toContain('farhand_info{version="1.2.3",node="al\\"pha"} 1');
      expect(lines.some((line) => line.startsWith("process_resident_memory_bytes{"))).toBe(true);
    }
  });

  test("shows every state of units, also those no unit is in", async () => {
    const states = new Map([["Running", 1]]);
    await using metrics = await open(unitSeries({ countByState: () => states, helperPids: [7, 8] }));
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
    expect(await linesIn(await metrics.get("/metrics"))).toContain('farhand_helpers{node="al\\"pha"} 2');
  });

  test("shows links, traffic, backends and certificates of the mesh", async () => {
    const status = { Connections: [{ NodeID: "b", Cost: 1 }], RoutingTable: { b: "b", c: "b" } };
    const source = {
      mesh: {
        status: () => ({ ...status, Advertisements: [], KnownConnectionCosts: {} }),
        counts: { forwarded: 1, delivered: 2, dropped: 3 },
      },
      profiles: { expiries: () => [{ kind: "server" as const, profile: "p", notAfter: new Date(5_000) }] },
      roads: () => [
        { description: "tcp-listener 0.0.0.0:1", addresses: [], sessions: 1, problem: undefined },
        { description: "tcp-listener 0.0.0.0:1", addresses: [], sessions: 2, problem: undefined },
        { description: "tcp-peer hub:1", addresses: [], sessions: 0, problem: "nobody listens there" },
      ],
    };
    await using metrics = await open(meshSeries(source));
    const text = (await (await metrics.get("/metrics")).text()).replaceAll('node="al\\"pha"', "");
    for (const line of [
      "farhand_mesh_links{} 1",
      "farhand_mesh_routes{} 2",
      'farhand_mesh_datagrams_total{outcome="dropped",} 3',
      'farhand_mesh_sessions{backend="tcp-listener 0.0.0.0:1",} 3',
      'farhand_mesh_backend_up{backend="tcp-listener 0.0.0.0:1",} 1',
      'farhand_mesh_backend_up{backend="tcp-peer hub:1",} 0',
      'farhand_certificate_expiry_seconds{kind="server",profile="p",} 5',
    ]) {
      expect(text.split("\n")).toContain(line);
    }
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
    const source = { nodeId: "alpha", version: "1", series: [] };
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
