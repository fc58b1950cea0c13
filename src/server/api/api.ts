import { fileURLToPath } from "node:url";
import { Closers, errorText, type Log, Site, type TlsServerSource } from "#core";
import { sourceKey } from "../auth/lock-out-keys.ts";
import type { Caller } from "../auth/callers.ts";
import { ServerError } from "../errors.ts";
import type { Worker } from "../registry/worker.ts";
import { workerStates } from "../store/workers.ts";
import { Admission } from "./admission.ts";
import type { Visit } from "./call.ts";
import { Connections } from "./connections.ts";
import { Failures } from "./failures.ts";
import { type OpenApp, openFastify, type Request } from "./fastify.ts";
import { Gatekeeper } from "./gatekeeper.ts";
import { HttpEntry, type UpgradeHandler } from "./http-entry.ts";
import { Idempotency } from "./idempotency.ts";
import { parseJsonBody } from "./json-body.ts";
import { type ApiLimits, apiLimits } from "./limits.ts";
import { Metrics } from "./metrics.ts";
import { Mount } from "./mount.ts";
import { type OpenCall, OpenCalls } from "./open-calls.ts";
import { RequestFacts } from "./request-facts.ts";
import type { Route } from "./route.ts";
import { allRoutes } from "./routes/all.ts";
import type { ApiServices } from "./services.ts";
import { Traces } from "./traces.ts";

export interface ApiOptions extends ApiServices {
  readonly listen: { readonly host: string; readonly port: number };
  /** Without it the API listens on loopback only. */
  readonly tls?: TlsServerSource;
  /** Addresses and networks of proxies before us (CAT-126). */
  readonly trustedProxies?: readonly string[];
  /** Where people reach the server, when that is not the address it listens on; with a path behind some proxies. */
  readonly publicUrl?: string;
  /** More names the server is reached under, besides those of its certificate. */
  readonly hostNames?: readonly string[];
  /** May take a WebSocket upgrade that is none of the API's; see {@link HttpEntry}. */
  readonly upgrade?: UpgradeHandler;
  /** The policy file's word; without one everything is included. */
  readonly isEntitled?: (entitlement: string, caller: Caller, worker: Worker | undefined) => boolean;
  readonly limits?: Partial<ApiLimits>;
  /** Folder of the built pages. Default: that of this build. */
  readonly pages?: string;
}

/** Beside the build, wherever this file runs from. */
const builtPages = fileURLToPath(new URL("../../../dist/web", import.meta.url));
/** First words of paths that are no route and no page: workers' WebSockets come there. */
const otherPaths = ["mesh"];

/** How often old idempotency keys are forgotten. */
const forgetEveryMs = 10 * 60_000;

/** The API, open. */
export interface Api {
  readonly server: HttpEntry["server"];
  readonly address: { readonly host: string; readonly port: number };
  readonly routes: readonly Route[];
  /** Requests, streams and WebSockets that go on. */
  openCalls(): number;
  close(): Promise<void>;
}

/**
 * Open the HTTP API of the server.
 *
 * @throws {ServerError} LISTEN_FAILED. @throws {TlsProfileError} when the certificate cannot be used.
 */
export async function openApi(options: ApiOptions): Promise<Api> {
  const closers = new Closers();
  const limits = { ...apiLimits, ...options.limits };
  const publicUrl = options.publicUrl === undefined ? undefined : new URL(options.publicUrl);
  const entry = closers.add(new HttpEntry({ ...options, limits, publicUrl }));
  const secure = options.tls !== undefined || publicUrl?.protocol === "https:";
  try {
    const { calls, connections } = watched(options, limits, closers);
    const metrics = metricsOf(options, calls, entry);
    const idempotency = new Idempotency(options.store, options.clock, options.ages);
    every(forgetEveryMs, () => idempotency.sweep(), options.log, closers);
    const taken = new Set(otherPaths);
    const site = siteOf(options, { publicUrl, secure, taken });
    const facts = new RequestFacts();
    const failures = new Failures(facts, options.log, metrics);
    const open = await openFastify({
      server: entry.server,
      upgrades: entry.upgrades,
      serve: (handler) =>
        entry.serve((request, response) => {
          if (!site.serve(request, response)) handler(request, response);
        }),
      limits,
      version: options.version,
      secure,
      parseJson: parseJsonBody,
      addressKey: (request) => sourceKey(entry.visit(request.raw).address),
      userKey: (request) => facts.userOf(request),
      failed: (error, request, reply) => failures.answer(error, request, reply),
      notFound: () => new ServerError("ROUTE_NOT_FOUND", "the API has no such path, or not with this method"),
    });
    closers.add({ close: () => open.app.close() });
    const traces = new Traces(options.clock);
    const parts = { open, calls, connections, limits, publicUrl, metrics, entry, idempotency, facts, failures, traces };
    const mount = mountOver(options, parts);
    const enter = (call: OpenCall) => calls.add(call).leave;
    const services = { ...options, connections, limits, secure, traces, enter, recheck: () => calls.recheck() };
    const routes = allRoutes(services, { metrics, openApi: () => open.app.swagger() });
    for (const route of routes) {
      mount.add(route);
      taken.add(firstWord(route.path));
    }
    await open.app.ready();
    const { address: host, port } = await entry.listen();
    // First what goes on, so that nothing is waited for.
    const close = async (): Promise<void> => {
      calls.cutAll();
      await entry.close();
      await closers.close();
    };
    return { server: entry.server, address: { host, port }, routes, openCalls: () => calls.size, close };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

interface SiteFacts {
  readonly publicUrl: URL | undefined;
  readonly secure: boolean;
  readonly taken: ReadonlySet<string>;
}

/** The pages in the browser: whatever is no route of the API. */
function siteOf({ pages = builtPages }: ApiOptions, { publicUrl, secure, taken }: SiteFacts): Site {
  const prefix = publicUrl?.pathname.replace(/\/$/, "") ?? "";
  return new Site({ folder: pages, prefix, secure, isTaken: (path) => taken.has(firstWord(path)) });
}

const firstWord = (path: string): string => path.split("/")[1] ?? "";

/** What is open, and what ends it. */
function watched(options: ApiOptions, limits: ApiLimits, closers: Closers) {
  const { access, registry, lines, live, log } = options;
  const findWorker = (id: string): Promise<Worker> => registry.find(id);
  const calls = new OpenCalls({ access, findWorker, perSession: limits.callsPerSession });
  const connections = new Connections((session, handle) => calls.cutHandle(session, handle));
  const stopEndings = access.endings.listen(({ id, cause }) => {
    calls.cutSession(id, cause);
    lines.cut(id, cause);
  });
  const stopRemoved = live.onRemoved((workerId) => calls.cutWorker(workerId));
  every(limits.recheckEveryMs, () => calls.recheck(), log, closers);
  closers.add({
    close: () => {
      stopEndings();
      stopRemoved();
    },
  });
  return { calls, connections };
}

/** Until all is closed. When it fails it is tried again the next time. */
function every(ms: number, work: () => Promise<void>, log: Log, closers: Closers): void {
  const failed = (error: unknown): void => log.warn("something regular failed in the API", { error: errorText(error) });
  const timer = setInterval(() => void work().catch(failed), ms);
  closers.add({ close: () => clearInterval(timer) });
}

interface Parts {
  readonly open: OpenApp;
  readonly calls: OpenCalls;
  readonly connections: Connections;
  readonly limits: ApiLimits;
  readonly publicUrl: URL | undefined;
  readonly metrics: Metrics;
  readonly entry: HttpEntry;
  readonly idempotency: Idempotency;
  readonly facts: RequestFacts;
  readonly failures: Failures;
  readonly traces: Traces;
}

function mountOver(options: ApiOptions, parts: Parts): Mount {
  const { open, calls, connections, publicUrl, metrics: meter, entry, facts } = parts;
  const { store, access, audit, clock, log, isEntitled = () => true } = options;
  const { traces } = parts;
  const admission = new Admission({ store, access, audit, connections, traces, clock, log, isEntitled });
  const visit = (request: Request): Visit => entry.visit(request.raw);
  const publicOrigin = publicUrl?.origin;
  const gatekeeper = new Gatekeeper({ limits: open, admission, calls, facts, publicOrigin, visit });
  return new Mount({ ...parts, app: open.app, gatekeeper, admission, meter, visit });
}

function metricsOf(
  { version, presence, store, entitlements }: ApiOptions,
  calls: OpenCalls,
  { server }: HttpEntry,
): Metrics {
  const connections = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_error, count) => resolve(count ?? 0)));
  const workers = async (): Promise<Map<string, number>> => {
    const counts = new Map<string, number>();
    for (const { id, state } of await workerStates(store.db)) {
      const now = presence.state(id)?.state ?? state;
      counts.set(now, (counts.get(now) ?? 0) + 1);
    }
    return counts;
  };
  const ends = (): (readonly [string, number])[] =>
    entitlements.held.flatMap(({ document, fault, workerId }) =>
      document && fault === undefined && workerId === undefined ? [[document.id, document.notAfter] as const] : [],
    );
  return new Metrics({ version, openCalls: () => calls.size, connections, workers, entitlements: ends });
}
