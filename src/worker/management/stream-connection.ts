import { timeLimit } from "#core";
import { Conversing } from "./conversing.ts";
import type { Desk } from "./desk.ts";
import type { Notices } from "./notices.ts";
import type { Visitor } from "./visitor.ts";
import type { WebSocket } from "./ws.ts";

/** A ping so often, and the end when the one before was not answered. */
const pingMs = 30_000;
/** A stream on which nobody asks anything for so long is closed. */
const idleMs = 15 * 60_000;
/** A stranger must have logged in by then. */
const strangerMs = 30_000;
/** So many bytes may wait for a slow reader; then nothing more is read of it, and it misses notices. */
const maxBuffered = 1024 * 1024;

/** Codes of closing. */
const goingAway = 1001;
const unfit = 1003;
const policy = 1008;

/** JSON-RPC over a WebSocket, a text message each (CAT-15). */
export class StreamConnection {
  readonly #webSocket: WebSocket;
  readonly #visitor: Visitor;
  readonly #conversing: Conversing;
  readonly #timers: NodeJS.Timeout[];
  #lastAt = performance.now();
  #ponged = true;

  constructor(webSocket: WebSocket, visitor: Visitor, desk: Desk, notices: Notices) {
    this.#webSocket = webSocket;
    this.#visitor = visitor;
    this.#conversing = new Conversing(desk, visitor, { send: (text) => this.#send(text) });
    this.#timers = [
      setInterval(() => this.#beat(), pingMs).unref(),
      setTimeout(() => this.#checkStranger(), strangerMs).unref(),
    ];
    webSocket.on("error", () => {});
    webSocket.on("pong", () => void (this.#ponged = true));
    webSocket.on("message", (data: Buffer, isBinary) => void this.#take(data, isBinary));
    webSocket.once("close", () => this.#ended());
    webSocket.once("close", notices.attach(visitor, { tell: (text) => this.#tell(text) }));
    visitor.onSession = ({ signal }) => signal.addEventListener("abort", this.#cut);
    visitor.session?.signal.addEventListener("abort", this.#cut);
    visitor.helper?.signal.addEventListener("abort", this.#cut);
  }

  /** Answer what is under way, then close. */
  async end(withinMs: number): Promise<void> {
    const limit = timeLimit(withinMs);
    await Promise.race([
      this.#conversing.settled(),
      new Promise((resolve) => limit.addEventListener("abort", resolve, { once: true })),
    ]);
    this.#webSocket.close(goingAway, "the worker ends");
    await this.#closed(withinMs);
  }

  async #take(data: Buffer, isBinary: boolean): Promise<void> {
    if (isBinary) return this.#webSocket.close(unfit, "text messages only");
    this.#lastAt = performance.now();
    this.#webSocket.pause();
    await this.#conversing.take(data);
    this.#webSocket.resume();
  }

  #tell(text: string): boolean {
    const webSocket = this.#webSocket;
    if (webSocket.readyState !== webSocket.OPEN || webSocket.bufferedAmount > maxBuffered) return false;
    webSocket.send(text, () => {});
    return true;
  }

  async #send(text: string): Promise<void> {
    const webSocket = this.#webSocket;
    if (webSocket.readyState !== webSocket.OPEN) return;
    await new Promise<void>((resolve) => {
      const isFull = webSocket.bufferedAmount > maxBuffered;
      webSocket.send(text, () => resolve());
      if (!isFull) resolve();
    });
  }

  #beat(): void {
    const isIdle = performance.now() - this.#lastAt > idleMs && !this.#conversing.isBusy;
    if (isIdle) return this.#webSocket.close(policy, "idle");
    // While it is not read, no pong is seen.
    if (!this.#ponged && !this.#conversing.isBusy) return this.#webSocket.terminate();
    this.#ponged = false;
    this.#webSocket.ping();
  }

  #checkStranger(): void {
    const { session, asserted, helper } = this.#visitor;
    if (!session && !asserted && !helper) this.#webSocket.close(policy, "nobody logged in");
  }

  /** What was asked under the session is answered first, if it ends by itself. */
  readonly #cut = (): void => {
    setImmediate(() => this.#webSocket.close(policy, "the session has ended"));
  };

  #ended(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#visitor.session?.signal.removeEventListener("abort", this.#cut);
    this.#visitor.helper?.signal.removeEventListener("abort", this.#cut);
    this.#conversing.abandon();
  }

  async #closed(withinMs: number): Promise<void> {
    const webSocket = this.#webSocket;
    if (webSocket.readyState === webSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      webSocket.once("close", () => resolve());
      setTimeout(() => webSocket.terminate(), withinMs).unref();
    });
  }
}
