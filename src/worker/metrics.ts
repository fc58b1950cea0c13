import { createServer } from "node:http";
import { once } from "node:events";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { errorText } from "#core";
import { stateName, UnitState } from "#work/wire";
import { WorkerError } from "./errors.ts";

/** What the metrics show beside the process itself. */
export interface MetricsSource {
  readonly nodeId: string;
  readonly version: string;
  /** Units by state name. */
  unitsByState(): ReadonlyMap<string, number>;
  helpers(): number;
}

/**
 * `/metrics` for Prometheus and `/healthz` for whoever restarts us, on a loopback port. The only file that knows prom-client.
 *
 * @throws {WorkerError} `PORT_UNAVAILABLE`.
 */
export async function openMetrics(host: string, port: number, source: MetricsSource) {
  const registry = metricsOf(source);
  const server = createServer((request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405).end();
    if (request.url === "/healthz")
      return void response.end(`{"status":"ok","node":${JSON.stringify(source.nodeId)}}\n`);
    if (request.url !== "/metrics") return void response.writeHead(404).end("try /metrics or /healthz\n");
    registry.metrics().then(
      (text) => response.setHeader("content-type", registry.contentType).end(text),
      (error: unknown) => response.writeHead(500).end(errorText(error)),
    );
  });
  server.requestTimeout = 10_000;
  try {
    await once(server.listen(port, host), "listening");
  } catch (error) {
    throw new WorkerError("PORT_UNAVAILABLE", `metrics-service cannot listen on ${host}:${port}: ${errorText(error)}`);
  }
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function metricsOf(source: MetricsSource): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ node: source.nodeId });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({ name: "farhand_info", help: "Version of this worker", labelNames: ["version"], registers })
    .labels(source.version)
    .set(1);
  new Gauge({
    name: "farhand_units",
    help: "Units on this node by state",
    labelNames: ["state"],
    registers,
    collect() {
      this.reset();
      // States no unit is in are shown too: a series that comes and goes breaks rates and alerts.
      for (const state of Object.values(UnitState)) this.labels(stateName(state)).set(0);
      for (const [state, count] of source.unitsByState()) this.labels(state).set(count);
    },
  });
  new Gauge({
    name: "farhand_helpers",
    help: "Helper processes this worker uses",
    registers,
    collect() {
      this.set(source.helpers());
    },
  });
  return registry;
}
