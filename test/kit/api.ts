import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir } from "node:fs/promises";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Agent, type RequestOptions, request as tlsRequest } from "node:https";
import { join } from "node:path";
import { Duplex, PassThrough, Transform } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { afterAll, beforeAll, expect } from "vitest";
import { WebSocket } from "ws";
import { type JsonObject, silentLog, systemClock, tlsServerSource } from "#core";
import { type Api, type ApiOptions, openApi } from "../../src/server/api/api.ts";
import { LiveFeed } from "../../src/server/api/live-feed.ts";
import { LiveNews } from "../../src/server/api/live-news.ts";
import { Audit } from "../../src/server/audit/audit.ts";
import type { FactorPolicy } from "../../src/server/auth/factors.ts";
import type { Labels, Role } from "../../src/server/auth/roles.ts";
import { Configurations } from "../../src/server/config/configurations.ts";
import { Rollouts } from "../../src/server/config/rollouts.ts";
import type { Asker, WorkerLines, WorkerRequest, WorkerStream } from "../../src/server/line/worker-lines.ts";
import { Entitlements } from "../../src/server/policy/entitlements.ts";
import { Enrolments } from "../../src/server/registry/enrolments.ts";
import { PendingWorkers } from "../../src/server/registry/pending-workers.ts";
import { Health } from "../../src/server/registry/health.ts";
import { Presence } from "../../src/server/registry/presence.ts";
import { Registry } from "../../src/server/registry/registry.ts";
import { openStore, type Store } from "../../src/server/store/store.ts";
import { UnitIndex } from "../../src/server/units/unit-index.ts";
import { goodPassword, type TestAccess, testAccess } from "./access.ts";
import { makeCertificates, type TestCertificates } from "./certificates.ts";
import { testServerId } from "./issuer.ts";
import { type TempFolder, tempFolder } from "./temp-folder.ts";
import { insertTestWorker } from "./test-worker.ts";

/** What will be so, sooner or later: on a busy machine later. */
export function eventually<T>(what: () => T, intervalMs = 50): ReturnType<typeof expect.poll<T>> {
  return expect.poll(what, { timeout: 30_000, interval: intervalMs });
}

/** What a worker of a test was asked. */
export interface Asked extends WorkerRequest {
  readonly workerId: string;
  readonly asker: Asker;
  readonly signal: AbortSignal;
}

/** Workers in memory: what they answer is for the test to say. */
export class TestLines implements WorkerLines {
  readonly asked: Asked[] = [];
  readonly cuts: string[] = [];
  answer: (asked: Asked) => unknown = () => ({});
  /** What comes out of a stream; what goes in is in `input`. */
  output: (asked: Asked) => { readonly result: unknown; readonly stream: Duplex } = () => ({
    result: { size: 0 },
    stream: Duplex.from(new PassThrough().end()),
  });
  readonly payloads: { readonly params: JsonObject; bytes: number; sha256: string; whole: boolean }[] = [];

  async call(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<unknown> {
    const asked = { ...request, workerId, asker, signal };
    this.asked.push(asked);
    return await untilAborted(Promise.resolve(this.answer(asked)), signal);
  }

  async open(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<WorkerStream> {
    const asked = { ...request, workerId, asker, signal };
    this.asked.push(asked);
    return this.output(asked);
  }

  async submit(
    workerId: string,
    params: JsonObject,
    payload: AsyncIterable<Uint8Array>,
    asker: Asker,
    signal: AbortSignal,
  ): Promise<unknown> {
    const asked = { method: "units.submit", params, workerId, asker, signal };
    this.asked.push(asked);
    const got = { params, bytes: 0, sha256: "", whole: false };
    this.payloads.push(got);
    const hash = createHash("sha256");
    for await (const chunk of payload) {
      got.bytes += chunk.length;
      hash.update(chunk);
    }
    got.sha256 = hash.digest("hex");
    got.whole = true;
    return await this.answer(asked);
  }

  cut(session: string): void {
    this.cuts.push(session);
  }
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

/** Both ends of a stream: one for the API, one for the test that plays the worker. */
export interface StreamPair {
  readonly server: Duplex;
  readonly worker: Duplex;
  /** The API has closed its end, in whatever way. */
  readonly closed: Promise<void>;
}

/** As a stream of the mesh does: who wrote may use the memory again. */
function copying(): Transform {
  return new Transform({ transform: (chunk: Uint8Array, _encoding, done) => done(null, Buffer.from(chunk)) });
}

export function streamPair(): StreamPair {
  const [up, down] = [copying(), copying()];
  const server = Duplex.from({ readable: down, writable: up });
  const worker = Duplex.from({ readable: up, writable: down });
  for (const stream of [up, down, server, worker]) stream.on("error", () => {});
  return { server, worker, closed: new Promise((resolve) => server.once("close", () => resolve())) };
}

/** An answer, its body read. */
export interface TestAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Its JSON; empty when it has none. */
  readonly json: TestJson;
}

/** JSON of which a test knows what it is. */
export interface TestJson {
  readonly [field: string]: unknown;
  readonly items: readonly TestJson[];
  readonly code: string;
  readonly token: string;
  readonly position: string;
  readonly name: string;
}

/** The API over real stores and a worker in memory. */
export interface TestApi extends AsyncDisposable {
  readonly api: Api;
  readonly access: TestAccess;
  readonly audit: Audit;
  readonly lines: TestLines;
  readonly presence: Presence;
  readonly registry: Registry;
  readonly live: LiveFeed;
  readonly news: LiveNews;
  readonly pending: PendingWorkers;
  readonly configurations: Configurations;
  readonly units: UnitIndex;
  readonly health: Health;
  readonly store: Store;
  readonly url: string;
  readonly port: number;
  /** A user with a session. */
  user(name: string, role: Role, labels?: Labels | null): Promise<TestUser>;
  worker(name: string, labels?: Labels): Promise<string>;
  ask(method: string, path: string, options?: Asking): Promise<TestAnswer>;
  socket(path: string, headers?: Readonly<Record<string, string>>): Promise<TestSocket>;
  /** What comes back for these bytes, until the other side closes. */
  raw(text: string | Uint8Array): Promise<string>;
}

/** A user of a test: the headers their session is shown with. */
export interface TestUser {
  readonly id: string;
  readonly token: string;
  readonly session: string;
  readonly auth: { readonly authorization: string };
}

export interface Asking {
  readonly auth?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly raw?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly headers?: RequestOptions["headers"];
  readonly signal?: AbortSignal;
  /** Of connections that are used again; without one each request has its own. */
  readonly agent?: Agent;
}

type TestApiOptions = Partial<ApiOptions> & {
  /** The clock of this machine, not one that the test turns. */
  readonly realTime?: boolean;
  readonly factorPolicy?: Partial<FactorPolicy>;
};

/** Opens APIs for the tests of one file, each over an embedded database of its own unless it is given one. */
export function apiKit() {
  let folder: TempFolder;
  let certificates: TestCertificates;
  let stores = 0;
  beforeAll(async () => {
    folder = await tempFolder();
    certificates = await makeCertificates(folder.path);
  });
  afterAll(() => folder[Symbol.asyncDispose]());
  return {
    certificates: () => certificates,
    /** Another server certificate in the same files. */
    renewCertificate: async (): Promise<void> => {
      await mkdir(join(folder.path, "renewed"), { recursive: true });
      const { server } = await makeCertificates(join(folder.path, "renewed"));
      await copyFile(server.key, certificates.server.key);
      await copyFile(server.cert, certificates.server.cert);
    },
    over: (store: Store, options: TestApiOptions = {}) => testApi(store, certificates, options),
    open: async (options: TestApiOptions = {}): Promise<TestApi> => {
      const store = await openStore({ kind: "sqlite", path: join(folder.path, `api${++stores}.db`) }, silentLog);
      const api = await testApi(store, certificates, options);
      const close = async (): Promise<void> => {
        await api[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      };
      return { ...api, [Symbol.asyncDispose]: close };
    },
  };
}

async function testApi(store: Store, certificates: TestCertificates, options: TestApiOptions): Promise<TestApi> {
  const { realTime = false, factorPolicy = {}, ...given } = options;
  const access = testAccess(store, { policy: factorPolicy, ...(realTime && { clock: systemClock }) });
  const clock = realTime ? systemClock : access.clock;
  const audit = new Audit(store, clock);
  const live = new LiveFeed(store, silentLog, 100);
  const news = new LiveNews();
  const presence = new Presence({ store, changed: live.changed });
  const registry = new Registry({ store, audit, attendance: presence });
  const health = new Health(store, clock);
  const units = new UnitIndex({ store, clock });
  const lines = new TestLines();
  const sealer = { seal: (value: Uint8Array) => Buffer.from(value), open: (value: Uint8Array) => Buffer.from(value) };
  const { cert, key } = certificates.server;
  const ofConfigs = { store, audit, presence, clock };
  const changed = (name: string): void => news.changed(`configuration/${name}`);
  const configurations = new Configurations({ ...ofConfigs, sealer, validate: () => {}, schemaVersion: 1, changed });
  const pending = new PendingWorkers({
    ...{ store, audit, nonces: registry.nonces },
    changed: () => news.changed("pending"),
  });
  const api = await openApi({
    store,
    access,
    audit,
    registry,
    presence,
    lines,
    live,
    news,
    units,
    enrolments: new Enrolments({ store, audit, clock }),
    pending,
    entitlements: new Entitlements({ store, audit, serverId: testServerId, log: silentLog }),
    health,
    configurations,
    rollouts: new Rollouts({ ...ofConfigs, configurations, changed, turned: changed, log: silentLog }),
    enrol: { challenge: async () => ({ nonce: "n" }), register: async (body, observed) => ({ body, observed }) },
    log: silentLog,
    clock: { ...systemClock, now: () => clock.now() },
    version: "1.2.3",
    tls: tlsServerSource({ cert, key }),
    listen: { host: "127.0.0.1", port: 0 },
    ...given,
  });
  const { port } = api.address;
  const secure = !("tls" in given) || given.tls !== undefined;
  const url = `https://127.0.0.1:${port}`;
  const sockets: TestSocket[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    ...{
      api,
      access,
      audit,
      lines,
      presence,
      registry,
      live,
      news,
      pending,
      configurations,
      health,
      units,
      store,
      url,
      port,
    },
    user: (name, role, labels = null) => testUser(access, name, role, labels),
    worker: (name, labels = {}) => insertTestWorker(store, name, labels),
    ask: (method, path, asking) => ask(port, method, path, { agent, ...asking }),
    socket: async (path, headers = {}) => {
      const socket = await openSocket(`${secure ? "wss" : "ws"}://127.0.0.1:${port}${path}`, headers);
      sockets.push(socket);
      return socket;
    },
    raw: (text) => rawExchange(port, text),
    [Symbol.asyncDispose]: async () => {
      for (const { socket } of sockets) socket.terminate();
      agent.destroy();
      await api.close();
    },
  };
}

async function testUser(access: TestAccess, name: string, role: Role, labels: Labels | null): Promise<TestUser> {
  const { id } = await access.accounts.create({ name, password: goodPassword, role, labels });
  const { token, session } = await access.sessions.open(id, { source: "192.0.2.1", client: "test" }, false);
  return { id, token, session: session.id, auth: { authorization: `Bearer ${token}` } };
}

/** Ask an API, and read its answer to the end. */
export async function ask(port: number, method: string, path: string, asking: Asking = {}): Promise<TestAnswer> {
  const answer = await openAnswer(port, method, path, asking);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const isJson =
    /json/.test(answer.headers["content-type"] ?? "") && !/ndjson/.test(answer.headers["content-type"] ?? "");
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    text,
    json: (isJson && text !== "" ? JSON.parse(text) : {}) as TestJson,
  };
}

/** The head of an answer; its body is to be read. */
export async function openAnswer(
  port: number,
  method: string,
  path: string,
  { auth = {}, body, raw, headers = {}, signal, agent }: Asking = {},
): Promise<IncomingMessage> {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const type =
    json === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(json) };
  const request = tlsRequest({
    host: "127.0.0.1",
    port,
    method,
    path,
    agent: agent ?? false,
    rejectUnauthorized: false,
    headers: { ...auth, ...type, ...(headers as object) },
    ...(signal && { signal }),
  });
  const answered = once(request, "response") as Promise<[IncomingMessage]>;
  // While the body is sent nobody looks.
  answered.catch(() => {});
  if (raw !== undefined && typeof raw !== "string" && !(raw instanceof Uint8Array)) {
    for await (const chunk of raw) if (!request.write(chunk)) await Promise.race([once(request, "drain"), answered]);
    request.end();
  } else request.end(json ?? raw);
  return (await answered)[0];
}

/** A WebSocket of a test, its messages kept. */
export interface TestSocket {
  readonly socket: WebSocket;
  /** The next text message, parsed. */
  next(): Promise<TestJson>;
  bytes(): Promise<Buffer>;
  readonly closed: Promise<number>;
}

/** @throws {Error} with `status` when the upgrade is refused. */
export async function openSocket(url: string, headers: Readonly<Record<string, string>>): Promise<TestSocket> {
  const socket = new WebSocket(url, { headers, rejectUnauthorized: false });
  const kept: Buffer[] = [];
  let wake = (): void => {};
  socket.on("message", (data: Buffer) => {
    kept.push(data);
    wake();
  });
  const closed = new Promise<number>((resolve) => socket.on("close", (code) => resolve(code)));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("unexpected-response", (_request, answer) => {
      reject(Object.assign(new Error(`refused with ${answer.statusCode}`), { status: answer.statusCode }));
      answer.resume();
    });
    socket.once("error", reject);
  });
  socket.on("error", () => {});
  const bytes = async (): Promise<Buffer> => {
    for (;;) {
      const first = kept.shift();
      if (first) return first;
      if (socket.readyState === WebSocket.CLOSED) throw new Error("the WebSocket is closed");
      await Promise.race([new Promise<void>((resolve) => (wake = resolve)), closed]);
    }
  };
  return { socket, bytes, closed, next: async () => JSON.parse((await bytes()).toString()) as TestJson };
}

async function rawExchange(port: number, text: string | Uint8Array): Promise<string> {
  const socket = tlsConnect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => void chunks.push(chunk));
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  socket.write(text);
  await once(socket, "close");
  return Buffer.concat(chunks).toString();
}
