import type { Readable } from "node:stream";

/** Waits until the client has taken so much; it slows whoever fills it. */
const maxBufferedBytes = 1024 * 1024;

/** What we need of a WebSocket of `ws`. */
export interface RawWebSocket {
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, options: { binary: boolean }, sent: (error?: Error | null) => void): void;
  ping(): void;
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): unknown;
  on(event: "pong" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export interface LiveSocketOptions {
  readonly pingEveryMs: number;
  readonly pongWithinMs: number;
}

/** A message as it came. */
export interface LiveMessage {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/**
 * A WebSocket of a client: pinged, so that proxies keep it and a dead one is noticed (CAT-49), and slow as its client is.
 */
export class LiveSocket {
  /** Fires when it is closed, by whomever, and what had to be done then is done. */
  readonly closed: AbortSignal;
  /** Fires when it is closed. */
  readonly gone: AbortSignal;
  readonly #socket: RawWebSocket;
  readonly #closing = new AbortController();
  readonly #going = new AbortController();
  readonly #pinging: NodeJS.Timeout;
  #lastThings: (() => Promise<void>) | undefined;
  #heardAt = performance.now();

  constructor(socket: RawWebSocket, { pingEveryMs, pongWithinMs }: LiveSocketOptions) {
    this.#socket = socket;
    this.closed = this.#closing.signal;
    this.gone = this.#going.signal;
    this.#pinging = setInterval(() => {
      if (performance.now() - this.#heardAt >= pongWithinMs) socket.terminate();
      else socket.ping();
    }, pingEveryMs);
    socket.on("pong", () => void (this.#heardAt = performance.now()));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      clearInterval(this.#pinging);
      const why = new Error("the client is gone");
      this.#going.abort(why);
      if (!this.#lastThings) return this.#closing.abort(why);
      this.#lastThings()
        .catch(() => {})
        .finally(() => this.#closing.abort(why));
    });
    // Until somebody wants its messages.
    socket.pause();
  }

  /** What is to be done when the client has gone, before `closed` fires. It has an end of its own. */
  beforeClosed(lastThings: () => Promise<void>): void {
    this.#lastThings = lastThings;
  }

  /** Resolves when it was handed on and the client is not far behind. @throws when the socket is closed. */
  async send(data: string | Uint8Array): Promise<void> {
    this.gone.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const sent = (error?: Error | null): void => (error ? reject(error) : resolve());
      this.#socket.send(data, { binary: typeof data !== "string" }, sent);
      if (this.#socket.bufferedAmount < maxBufferedBytes) resolve();
    });
  }

  /** Each message, one after another: the next is read when this one was taken. Ends with the socket. */
  async *messages(): AsyncGenerator<LiveMessage> {
    const waiting: LiveMessage[] = [];
    let wake: () => void = () => {};
    this.#socket.on("message", (data, isBinary) => {
      this.#heardAt = performance.now();
      waiting.push({ data, isBinary });
      this.#socket.pause();
      wake();
    });
    this.gone.addEventListener("abort", () => wake(), { once: true });
    this.#socket.resume();
    for (;;) {
      for (let next = waiting.shift(); next; next = waiting.shift()) yield next;
      if (this.gone.aborted) return;
      this.#socket.resume();
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (waiting.length > 0 || this.gone.aborted) resolve();
      });
    }
  }

  /** All bytes of a stream, as binary messages. */
  async sendAll(source: Readable): Promise<void> {
    for await (const chunk of source) await this.send(chunk as Uint8Array);
  }

  /** Messages that nobody wants are read, so that pongs and the end behind them are. */
  ignoreMessages(): void {
    this.#socket.on("message", () => {});
    this.#socket.resume();
  }

  /** Say goodbye; who does not answer is cut off soon. `reason` has no secret. */
  close(code = 1000, reason = ""): void {
    this.#socket.resume();
    this.#socket.close(code, reason.slice(0, 120));
    const cut = setTimeout(() => this.#socket.terminate(), 1_000);
    this.gone.addEventListener("abort", () => clearTimeout(cut), { once: true });
  }
}
