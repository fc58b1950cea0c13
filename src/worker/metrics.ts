import { createServer } from "node:http";
import { once } from "node:events";
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import { errorText } from "#core";
import { WorkerError } from "./errors.ts";

/** One thing that is measured: a value for each combination of its labels. */
export interface Series {
  /** Counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  /** A counter only grows, as long as this process lives. */
  readonly kind: "gauge" | "counter";
  readonly labels: readonly string[];
  /** What it is now; label values in the order of `labels`. */
  read(): Iterable<readonly [labels: readonly string[], value: number]>;
}

/** What the metrics show beside the process itself. */
export interface MetricsSource {
  readonly nodeId: string;
  readonly version: string;
  readonly series: readonly Series[];
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

function metricsOf({ nodeId, version, series }: MetricsSource): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ node: nodeId });
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: "farhand_info", help: "Version of this worker", labelNames: ["version"], registers: [registry] })
    .labels(version)
    .set(1);
  for (const one of series) register(one, registry);
  return registry;
}

function register({ name, help, kind, labels, read }: Series, registry: Registry): void {
  const about = { name, help, labelNames: [...labels], registers: [registry] };
  if (kind === "gauge") {
    const collect = function (this: Gauge): void {
      this.reset();
      for (const [values, value] of read()) this.labels(...values).set(value);
    };
    new Gauge({ ...about, collect });
  } else {
    const collect = function (this: Counter): void {
      this.reset();
      for (const [values, value] of read()) this.labels(...values).inc(value);
    };
    new Counter({ ...about, collect });
  }
}
