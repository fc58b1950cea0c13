import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, BlockList, isIP } from "node:net";
import { errorText, isJsonObject, type Json, type JsonObject, type Log } from "#core";
import { plainAddress, spelledAlike } from "../api/client-address.ts";
import { ServerError } from "../errors.ts";
import type { QuokkaUnits } from "./quokka-units.ts";
import { quokkaPlace } from "./place.ts";
import {
  badRequest,
  heartbeatReply,
  nothing,
  QuokkaFault,
  type QuokkaReply,
  readHeartbeat,
  readPackets,
  readRegistration,
  readResult,
} from "./wire.ts";
import type { QuokkaWorker, QuokkaWorkers } from "./workers.ts";

const kib = 1024;
/** Longest bodies: a packet is shown twice in its own, and a picture is base64. */
const bodyBytes = {
  heartbeat: 16 * kib,
  capture: 2 * kib * kib,
  portscan: 4 * kib * kib,
  traceroute: 16 * kib * kib,
} as const;
const connections = 64;
/** Of all bodies that are on their way, together. */
const bodiesBytes = 64 * kib * kib;
const headersMs = 10_000;
const requestMs = 30_000;
/** A line of the log about the same thing, at most so often. */
const tellEveryMs = 60_000;

export interface QuokkaListenerOptions {
  readonly workers: QuokkaWorkers;
  readonly units: QuokkaUnits;
  readonly listen: { readonly host: string; readonly port: number };
  /** Addresses and networks whose requests are taken; the protocol knows no credential. Default: this machine. */
  readonly allow?: readonly string[] | undefined;
  readonly log: Log;
}

/** The port for the worker program of Quokka. */
export interface QuokkaListener {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

/**
 * Listen for workers of Quokka: plain HTTP without any credential, so it is off unless asked for, on the loopback unless told
 * otherwise, and for the addresses of a list only. A worker that was entered with an address is heard from there alone.
 *
 * @throws {ServerError} SETTINGS_INVALID, LISTEN_FAILED.
 */
export async function openQuokkaListener(options: QuokkaListenerOptions): Promise<QuokkaListener> {
  const { listen, log } = options;
  const allowed = allowedAddresses(options.allow ?? ["127.0.0.0/8", "::1"]);
  const desk = new Desk(options);
  const server = createServer({ headersTimeout: headersMs, requestTimeout: requestMs, keepAliveTimeout: 1_000 });
  server.maxConnections = connections;
  server.on("connection", (socket) => {
    const from = plainAddress(socket.remoteAddress);
    if (allowed(from)) return;
    desk.tell(`a connection from ${from} was refused: it is in no --quokka-allow`);
    socket.destroy();
  });
  server.on("request", (request, response) => {
    void desk.serve(request, response).catch((error: unknown) => {
      log.debug(`a request of a Quokka worker broke off: ${errorText(error)}`);
      response.destroy();
    });
  });
  await listening(server, listen);
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: listen.host, port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Route = (body: JsonObject, from: string, to: string) => Promise<QuokkaReply> | QuokkaReply;

class Desk {
  readonly #options: QuokkaListenerOptions;
  readonly #routes: ReadonlyMap<string, { readonly bytes: number; readonly handle: Route }>;
  readonly #told = new Map<string, number>();
  readonly #bodies = { held: 0 };

  constructor(options: QuokkaListenerOptions) {
    this.#options = options;
    const register = (): Route => (body) => {
      const { serial } = readRegistration(body);
      return options.workers.knows(serial) ? nothing : badRequest("Unknown serial number");
    };
    const kinds = ["worker", "capture", "portscan", "traceroute", "device"].map(
      (kind) => [`/${kind}/register`, { bytes: bodyBytes.heartbeat, handle: register() }] as const,
    );
    this.#routes = new Map([
      ...kinds,
      ["/worker/heartbeat", { bytes: bodyBytes.heartbeat, handle: (...said) => this.#heartbeat(...said) }],
      ["/capture/store", { bytes: bodyBytes.capture, handle: (body, from) => this.#capture(body, from) }],
      ["/portscan/store", { bytes: bodyBytes.portscan, handle: (body, from) => this.#portscan(body, from) }],
      ["/traceroute/store", { bytes: bodyBytes.traceroute, handle: (body, from) => this.#traceroute(body, from) }],
    ]);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const found = this.#routes.get(path);
    // Only browsers say it: a page of a stranger must not take orders, or bring results, from a machine whose address is listed.
    if (request.headers.origin !== undefined) return answer(response, { ...badRequest("Forbidden"), status: 403 });
    const isRegistration = path.endsWith("/register") && request.method === "GET";
    if (!found) return answer(response, { ...badRequest("Not Found"), status: 404 });
    if (request.method !== "POST" && !isRegistration)
      return answer(response, { ...badRequest("Method Not Allowed"), status: 405 });
    try {
      const body = await bodyOf(request, found.bytes, this.#bodies);
      const [from, to] = [request.socket.remoteAddress, request.socket.localAddress].map(plainAddress);
      answer(response, await found.handle(body, from ?? "", to ?? ""));
    } catch (error) {
      if (!(error instanceof QuokkaFault))
        this.#options.log.warn(`a result of Quokka was not taken: ${errorText(error)}`);
      answer(
        response,
        error instanceof QuokkaFault ? badRequest(error.message) : { ...badRequest("Error"), status: 500 },
      );
    }
  }

  /** Say something that may be so again and again. */
  tell(what: string): void {
    const now = Date.now();
    if (now - (this.#told.get(what) ?? 0) < tellEveryMs) return;
    if (this.#told.size > 1_000) this.#told.clear();
    this.#told.set(what, now);
    this.#options.log.warn(`Quokka: ${what}`);
  }

  async #heartbeat(body: JsonObject, from: string, to: string): Promise<QuokkaReply> {
    const { serial, workerType, numbers } = readHeartbeat(body);
    const worker = this.#worker(serial, workerType, from);
    if (!worker) return badRequest("Unknown serial number");
    await this.#options.workers.heard(worker, numbers);
    return heartbeatReply(await this.#options.units.orders(worker, to));
  }

  async #capture(body: JsonObject, from: string): Promise<QuokkaReply> {
    const packets = readPackets(body);
    const worker = this.#worker(packets.serial, "capture", from);
    if (worker) await this.#options.units.captured(worker, packets);
    return nothing;
  }

  async #portscan(body: JsonObject, from: string): Promise<QuokkaReply> {
    const result = readResult(body, "scan_output");
    const worker = result && this.#worker(result.serial, "portscan", from);
    if (worker) await this.#options.units.scanned(worker, result);
    return nothing;
  }

  async #traceroute(body: JsonObject, from: string): Promise<QuokkaReply> {
    const result = readResult(body, "traceroute_img");
    const worker = result && this.#worker(result.serial, "traceroute", from);
    if (worker) await this.#options.units.traced(worker, result);
    return nothing;
  }

  #worker(serial: string, type: string, from: string): QuokkaWorker | undefined {
    const worker = this.#options.workers.find(serial, type);
    const shown = `${JSON.stringify(serial.slice(0, 64))} of type ${JSON.stringify(type.slice(0, 16))}`;
    if (!worker) this.tell(`${shown} from ${from} is unknown: farhand quokka add`);
    else if (isFrom(worker, from)) return worker;
    else this.tell(`${shown} came from ${from}, and was entered with ${worker.host}`);
    return undefined;
  }
}

/** An address says where a worker is; of a name nobody knows today what it means tomorrow. */
function isFrom({ host: place }: QuokkaWorker, from: string): boolean {
  const { host = "" } = quokkaPlace(place) ?? {};
  if (host === "localhost") return /^127\.|^::1$/.test(from);
  return isIP(host) === 0 || spelledAlike(host) === spelledAlike(from);
}

function answer(response: ServerResponse, { status, contentType, body }: QuokkaReply): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { "Content-Type": contentType, "Content-Length": length, Connection: "close" });
  response.end(body);
}

/** @throws {QuokkaFault} for what is too large, also together with others, or no JSON object. */
async function bodyOf(request: IncomingMessage, most: number, all: { held: number }): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      const { length } = chunk as Buffer;
      bytes += length;
      all.held += length;
      if (bytes > most) throw new QuokkaFault("The body is too large");
      if (all.held > bodiesBytes) throw new QuokkaFault("Too much comes at once");
      chunks.push(chunk as Buffer);
    }
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Json;
    if (isJsonObject(body)) return body;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  } finally {
    all.held -= bytes;
  }
  throw new QuokkaFault("Must provide a JSON body");
}

/** @throws {ServerError} SETTINGS_INVALID. */
function allowedAddresses(list: readonly string[]): (address: string) => boolean {
  const allowed = new BlockList();
  for (const text of list) {
    const [address = "", bits] = text.split("/");
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    if (family === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most)))
      throw new ServerError("SETTINGS_INVALID", `quokka-allow: ${text} is no address or network`);
    allowed.addSubnet(address, bits === undefined ? most : Number(bits), family === 4 ? "ipv4" : "ipv6");
  }
  return (address) => isIP(address) !== 0 && allowed.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}

function listening(server: Server, { host, port }: QuokkaListenerOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(new ServerError("LISTEN_FAILED", `the port for Quokka, ${host}:${port}: ${errorText(error)}`)),
    );
    server.listen(port, host, resolve);
  });
}
