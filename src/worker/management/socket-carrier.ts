import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { errorText, LineReader, type Log } from "#core";
import { maxMessageBytes } from "#fleet";
import { WorkerError } from "../errors.ts";
import { Conversing } from "./conversing.ts";
import type { Desk } from "./desk.ts";
import type { Notices } from "./notices.ts";
import { refusalAnswer, tooLarge } from "./rpc.ts";
import { type HeldPlace, holdPlace, type SocketPlace } from "./socket-place.ts";
import { Visitor } from "./visitor.ts";

const defaultConnections = 64;
/** A connection on which nothing happens for so long is closed. */
const idleMs = 15 * 60_000;
/** How long closing waits for answers that are under way. */
const closeMs = 2_000;
/** How often it is looked whether a client that has ended its side still waits for its answers. */
const probeMs = 500;
/** A client that is so many bytes behind misses notices. */
const maxBehind = 1024 * 1024;
const newline = "\n";

export interface SocketCarrierOptions {
  readonly place: SocketPlace;
  /** What can be done there: everything, or look on (CAT-23). */
  readonly carrier: "socket" | "monitor-socket" | "helper-socket";
  readonly desk: Desk;
  readonly notices: Pick<Notices, "attach">;
  /** Connections at once; 64 when not set. More are turned away. */
  readonly maxConnections?: number;
  readonly log: Log;
}

/** A carrier that is open. */
export interface OpenCarrier {
  /** `unix:PATH`, `http://HOST:PORT`, `https://HOST:PORT`. */
  readonly address: string;
  /** Answers that are under way are sent first. */
  close(): Promise<void>;
}

/**
 * JSON-RPC over a Unix socket, a message a line (CAT-14).
 *
 * @throws {WorkerError} SOCKET_UNSAFE, SOCKET_IN_USE.
 */
export async function openSocketCarrier(options: SocketCarrierOptions): Promise<OpenCarrier> {
  const { place, log } = options;
  const held = holdPlace(place, log);
  const connections = new Set<Connection>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new Connection(socket, options);
    connections.add(connection);
    socket.once("close", () => connections.delete(connection));
    void connection.serve();
  });
  server.maxConnections = options.maxConnections ?? defaultConnections;
  await bind(server, place.path, held);
  server.on("error", (error) => log.warn(`a connection to ${place.path} was not accepted: ${errorText(error)}`));
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    await Promise.all([...connections].map((connection) => connection.end(closeMs)));
    await closed;
    held.release();
  };
  return { address: `unix:${place.path}`, close };
}

async function bind(server: Server, path: string, held: HeldPlace): Promise<void> {
  // The socket is made inside listen(): nobody else may open it before its group is set.
  const mask = process.umask(0o177);
  const listening = once(server.listen({ path }), "listening");
  process.umask(mask);
  try {
    await listening;
    held.open();
  } catch (error) {
    server.close();
    held.release();
    throw new WorkerError("SOCKET_UNSAFE", `cannot listen on ${path}: ${errorText(error)}`, { cause: error });
  }
}

/** One client of the socket. */
class Connection {
  readonly #socket: Socket;
  readonly #conversing: Conversing;

  constructor(socket: Socket, { desk, carrier, notices }: SocketCarrierOptions) {
    const visitor = new Visitor(carrier, carrier, "local");
    this.#socket = socket;
    this.#conversing = new Conversing(desk, visitor, { send: (text) => this.#send(text) });
    socket.once("close", notices.attach(visitor, { tell: (text) => this.#tell(text) }));
    // As many answers as are under way may wait for it.
    socket.setMaxListeners(0);
    socket.on("error", () => {});
    socket.on("close", () => this.#conversing.abandon());
    socket.setTimeout(idleMs, () => {
      if (!this.#conversing.isBusy) socket.destroy();
    });
  }

  /** Until the client ends its side and all it asked is answered. */
  async serve(): Promise<void> {
    const lines = new LineReader(maxMessageBytes);
    try {
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        lines.push(chunk);
        for (let line = lines.next(); line; line = lines.next()) if (line.length > 0) await this.#conversing.take(line);
        if (lines.tooLong) {
          await this.#send(refusalAnswer(tooLarge(maxMessageBytes)));
          break;
        }
      }
    } catch {
      // The client is gone.
    }
    const probing = setInterval(() => this.#probe(), probeMs).unref();
    await this.end(Number.POSITIVE_INFINITY);
    clearInterval(probing);
  }

  /** A client that has ended its side and then goes is not seen by reading. An empty write sends nothing, and fails then. */
  #probe(): void {
    if (this.#socket.writable && this.#socket.writableLength === 0) this.#socket.write("");
  }

  /** Say what is under way, waiting so long for it, and hang up. */
  async end(withinMs: number): Promise<void> {
    const settled = this.#conversing.settled();
    await (Number.isFinite(withinMs) ? Promise.race([settled, waited(withinMs)]) : settled);
    if (this.#socket.destroyed) return;
    // A client that does not read its answers is not waited for either.
    const limit = setTimeout(() => this.#socket.destroy(), closeMs).unref();
    this.#socket.once("close", () => clearTimeout(limit));
    this.#socket.destroySoon();
  }

  #tell(text: string): boolean {
    const socket = this.#socket;
    if (!socket.writable || socket.writableLength > maxBehind) return false;
    socket.write(text + newline);
    return true;
  }

  async #send(text: string): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || socket.write(text + newline)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        socket.off("drain", go).off("close", go);
        resolve();
      };
      socket.on("drain", go).on("close", go);
    });
  }
}

/** Keeps no process alive. */
function waited(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
