import type { Duplex } from "node:stream";
import type { RemoteKind } from "./command.ts";
import { ControlError } from "./errors.ts";
import { SessionPlaces } from "./session-places.ts";
import { Session, type SessionContext } from "./session.ts";
import { errorLine } from "./wire.ts";

const closing = "the daemon is shutting down";

/** The sessions of one listener: how many there may be, what becomes of those that hang, and how they all end. */
export class OpenSessions {
  readonly #context: SessionContext;
  readonly #places: SessionPlaces;
  readonly #sessions = new Set<Session>();
  readonly #served = new Set<Promise<void>>();
  readonly #expected = new Set<Duplex>();
  #closed = false;
  #sweep: NodeJS.Timeout | undefined;

  constructor(context: SessionContext) {
    this.#context = context;
    this.#places = new SessionPlaces(context.limits);
  }

  /** Serve a client on a stream that is open. With too many sessions it is told so and turned away. */
  serve(stream: Duplex, remote: RemoteKind, remoteNode?: string): void {
    if (this.#closed) return turnAway(stream, closing);
    const place = this.#places.take(remote, remoteNode);
    if (place.kind === "full") return turnAway(stream, place.message);
    const session = new Session(stream, remote, remoteNode, this.#context);
    this.#sessions.add(session);
    stream.once("close", () => {
      this.#sessions.delete(session);
      place.giveBack();
    });
    const served = session.serve().finally(() => this.#served.delete(served));
    this.#served.add(served);
    // One timer for all sessions, and none while there is no session.
    this.#sweep ??= setInterval(() => this.#check(), this.#sweepMs()).unref();
  }

  /** A connection under a session that may come (a TLS handshake). It is destroyed with the sessions. */
  expect(connection: Duplex): void {
    this.#expected.add(connection);
    connection.on("close", () => this.#expected.delete(connection));
  }

  /** End every session; one whose command does not heed its signal is cut off after `closeMs`. */
  async close(): Promise<void> {
    this.#closed = true;
    const reason = new ControlError("LISTENER_CLOSED", closing);
    for (const session of this.#sessions) session.end(reason);
    await Promise.race([Promise.all(this.#served), waited(this.#context.limits.closeMs)]);
    for (const session of this.#sessions) session.destroy();
    for (const connection of this.#expected) connection.destroy();
    clearInterval(this.#sweep);
  }

  #check(): void {
    const now = performance.now();
    for (const session of this.#sessions) session.check(now);
    if (this.#sessions.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #sweepMs(): number {
    const { stalledLineMs, idleMeshMs, lingerMs } = this.#context.limits;
    return Math.max(5, Math.min(1000, stalledLineMs / 4, idleMeshMs / 4, lingerMs / 4));
  }
}

function turnAway(stream: Duplex, message: string): void {
  stream.on("error", () => {});
  stream.end(`${errorLine(message)}\n`, () => stream.destroy());
}

/** Keeps no process alive. */
function waited(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
