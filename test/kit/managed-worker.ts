import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { WebSocket } from "ws";
import { silentLog, tlsServerSource } from "#core";
import {
  type AccessRules,
  type Entitlement,
  type Management,
  type ManagementOptions,
  openManagement,
} from "../../src/worker/management/mod.ts";
import { type WorkerFacts } from "../../src/worker/management/mod.ts";
import { makeCertificates } from "./certificates.ts";
import { openTestNode, type TestNode } from "./units.ts";

/** A password that may be used. */
export const servicePassword = "a horse in the corridor";

/** What a test sets before, and may change while the worker runs. */
export interface ManagedRules {
  rules: Omit<AccessRules, "passwordSet">;
  entitlement: Entitlement;
  facts: WorkerFacts;
}

/** The management of a worker whose units are real and never started. At the end of its scope it is closed. */
export interface ManagedWorker extends AsyncDisposable {
  readonly node: TestNode;
  readonly management: Management;
  readonly settings: ManagedRules;
  /** What was asked of its life: `restart by NAME`, `stop by NAME`. */
  readonly lived: string[];
  readonly logged: { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
  readonly socket: string;
  /** `http://127.0.0.1:PORT` or `https://…`; empty without an API. */
  readonly api: string;
  /** CA of the API's certificate. */
  readonly ca: Buffer | undefined;
}

export interface ManagedOptions {
  readonly api?: "http" | "https" | "off";
  readonly rules?: Partial<ManagedRules["rules"]>;
  readonly more?: Partial<ManagementOptions>;
}

/** Open the management of a worker: socket, and over loopback what `api` says. */
export async function managedWorker({ api = "off", rules, more = {} }: ManagedOptions = {}): Promise<ManagedWorker> {
  const node = await openTestNode();
  const settings: ManagedRules = {
    rules: {
      ...{ mode: "session", isRegistered: false, requirePasswordLocally: false },
      legacyPassword: { remote: false, level: "monitor", acceptHashLocally: false },
      roles: { admin: "admin", "*": "monitor" },
      ...rules,
    },
    entitlement: { features: ["remote.monitor", "remote.operate", "remote.configure"], isOnlyWorker: false },
    facts: { state: "configured", mode: "session", nodeId: "alpha", pending: [], meshAddresses: [] },
  };
  const certificates = api === "https" ? await makeCertificates(node.folder.path) : undefined;
  const lived: string[] = [];
  const logged: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const note = (message: string, fields = {}) => void logged.push({ message, fields });
  const management = await openManagement({
    units: node.units,
    facts: () => settings.facts,
    lifecycle: { restart: (by) => lived.push(`restart by ${by}`), stop: (by) => lived.push(`stop by ${by}`) },
    stateDir: node.folder.file("state"),
    socket: { path: node.folder.file("run/worker.sock") },
    ...(api !== "off" && {
      api: { listen: "127.0.0.1:0", ...(certificates && { tls: tlsServerSource(certificates.server) }) },
    }),
    rules: () => settings.rules,
    entitlement: () => settings.entitlement,
    log: { ...silentLog, info: note, warn: note, error: note },
    ...more,
  });
  const close = async () => {
    await management.close();
    await node[Symbol.asyncDispose]();
  };
  return {
    ...{ node, management, settings, lived, logged },
    socket: node.folder.file("run/worker.sock"),
    api: management.addresses.find((address) => address.startsWith("http")) ?? "",
    ca: certificates && readFileSync(certificates.ca),
    [Symbol.asyncDispose]: close,
  };
}

/** What came back for one call. */
export interface RpcReply {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data: { readonly code: string; readonly status: number };
  };
}

/** One call as JSON-RPC has it. */
export const rpc = (method: string, params: object = {}, id: unknown = 1) => ({ jsonrpc: "2.0", id, method, params });

/** Conversation on a Unix socket: a line out, a line in. */
export interface SocketClient extends Disposable {
  /** Send any text as a line; gives the next line that comes. */
  say(text: string): Promise<unknown>;
  call(method: string, params?: object): Promise<RpcReply>;
  /** The next line that comes unasked. */
  heard(): Promise<unknown>;
}

export async function socketClient(path: string): Promise<SocketClient> {
  const socket = connect({ path });
  await new Promise<void>((resolve, reject) => void socket.once("connect", resolve).once("error", reject));
  socket.on("error", () => {});
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const heard = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    return done ? undefined : JSON.parse(value);
  };
  const say = async (text: string): Promise<unknown> => {
    socket.write(`${text}\n`);
    return await heard();
  };
  const call = async (method: string, params?: object) => (await say(JSON.stringify(rpc(method, params)))) as RpcReply;
  return { say, call, heard, [Symbol.dispose]: () => void socket.destroy() };
}

/** An HTTP answer, whole. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: never;
}

export interface HttpWanted {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Sent as it is, or as JSON. */
  readonly body?: unknown;
}

/** Ask the API of a worker. */
export async function ask(worker: Pick<ManagedWorker, "api" | "ca">, wanted: HttpWanted): Promise<HttpAnswer> {
  const { method = "POST", path = "/rpc", headers = {}, body } = wanted;
  const make = worker.api.startsWith("https") ? httpsRequest : httpRequest;
  const type = body === undefined ? {} : { "Content-Type": "application/json" };
  // A test may give any host; the certificate is for the real one.
  const tls = worker.ca && { ca: worker.ca, checkServerIdentity: () => undefined };
  const options = { method, headers: { ...type, ...headers }, agent: false, ...tls };
  const { hostname, port, protocol } = new URL(worker.api);
  return await answerOf(make({ ...options, protocol, hostname, port, path }), body);
}

function answerOf(request: ClientRequest, body: unknown): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString();
        const json = /json/.test(response.headers["content-type"] ?? "")
          ? (JSON.parse(text) as never)
          : (null as never);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    request.end(body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
}

/** Call a method over `POST /rpc`. */
export async function post(
  worker: Pick<ManagedWorker, "api" | "ca">,
  method: string,
  params: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly reply: RpcReply }> {
  const { status, json } = await ask(worker, { body: rpc(method, params), headers });
  return { status, reply: json };
}

/** A WebSocket to `/rpc/stream`. */
export interface StreamClient extends Disposable {
  call(method: string, params?: object): Promise<RpcReply>;
  /** Send any text; gives the next message. */
  say(text: string | Buffer): Promise<RpcReply>;
  /** The next message that comes unasked. */
  heard(): Promise<unknown>;
  /** Code it was closed with. */
  readonly closed: Promise<number>;
}

/** @throws the HTTP status as text when the upgrade is refused. */
export async function streamClient(
  worker: Pick<ManagedWorker, "api" | "ca">,
  headers: Readonly<Record<string, string>> = {},
  path = "/rpc/stream",
): Promise<StreamClient> {
  const url = `${worker.api.replace(/^http/, "ws")}${path}`;
  const webSocket = new WebSocket(url, { headers, ...(worker.ca && { ca: worker.ca }) });
  await new Promise<void>((resolve, reject) => void webSocket.once("open", resolve).once("error", reject));
  const closed = new Promise<number>((resolve) => webSocket.once("close", resolve));
  webSocket.on("error", () => {});
  const say = async (text: string | Buffer): Promise<RpcReply> => {
    const reply = new Promise<RpcReply>((resolve, reject) => {
      webSocket.once("message", (data: Buffer) => resolve(JSON.parse(data.toString())));
      void closed.then((code) => reject(new Error(`closed with ${code}`)));
    });
    webSocket.send(text);
    return await reply;
  };
  const call = (method: string, params?: object) => say(JSON.stringify(rpc(method, params)));
  const heard = () =>
    new Promise((resolve) => webSocket.once("message", (data: Buffer) => resolve(JSON.parse(data.toString()))));
  return { say, call, heard, closed, [Symbol.dispose]: () => webSocket.terminate() };
}
