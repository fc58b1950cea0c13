import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Route } from "./route.ts";

/** What is counted while it happens. */
export interface Meter {
  answered(route: Pick<Route, "method" | "path">, status: number, ms: number): void;
  problem(code: string): void;
}

/** What is looked at when somebody asks. */
export interface MetricsSource {
  readonly version: string;
  readonly openCalls: () => number;
  readonly connections: () => Promise<number>;
  /** How many workers are in each state. */
  readonly workers: () => Promise<Iterable<readonly [state: string, count: number]>>;
  /** Entitlements of the server that could count, and when each ends, milliseconds since 1970. */
  readonly entitlements: () => Iterable<readonly [id: string, notAfter: number]>;
}

/** Prometheus metrics of the server. */
export class Metrics implements Meter {
  readonly #registry = new Registry();
  readonly #requests: Counter<"method" | "route" | "status">;
  readonly #seconds: Histogram;
  readonly #problems: Counter<"code">;

  constructor(source: MetricsSource) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: "farhand_api_requests_total",
      help: "Requests answered by the API",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "farhand_api_request_seconds",
      help: "Time to answer a request; streams take as long as they take",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.#problems = new Counter({
      name: "farhand_api_problems_total",
      help: "Requests that failed or were refused, by code",
      labelNames: ["code"],
      registers,
    });
    watch(source, registers);
  }

  answered({ method, path }: Pick<Route, "method" | "path">, status: number, ms: number): void {
    this.#requests.labels(method, path, String(status)).inc();
    this.#seconds.observe(ms / 1_000);
  }

  problem(code: string): void {
    this.#problems.labels(code).inc();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

function watch({ version, openCalls, connections, workers, entitlements }: MetricsSource, registers: Registry[]): void {
  new Gauge({ name: "farhand_info", help: "Version of this server", labelNames: ["version"], registers })
    .labels(version)
    .set(1);
  new Gauge({
    name: "farhand_api_open_calls",
    help: "Requests, streams and WebSockets of callers that go on",
    registers,
    collect() {
      this.set(openCalls());
    },
  });
  new Gauge({
    name: "farhand_api_connections",
    help: "Open connections to the API",
    registers,
    async collect() {
      this.set(await connections());
    },
  });
  new Gauge({
    name: "farhand_workers",
    help: "Workers by state",
    labelNames: ["state"],
    registers,
    async collect() {
      const counts = await workers();
      this.reset();
      for (const [state, count] of counts) this.labels(state).set(count);
    },
  });
  new Gauge({
    name: "farhand_entitlement_end_timestamp_seconds",
    help: "When an entitlement of the server ends, seconds since 1970; it counts a day longer",
    labelNames: ["id"],
    registers,
    collect() {
      this.reset();
      for (const [id, notAfter] of entitlements()) this.labels(id).set(notAfter / 1_000);
    },
  });
}
