import { CliError } from "../errors.ts";
import { objectIn, textIn } from "./shapes.ts";
import { messagesOf, type WebSocket } from "./web-socket.ts";

/**
 * The handle by which a session speaks to workers (CAT-47): it lives exactly as long as the WebSocket it was given on, so
 * that one stays open, and another is opened when it broke.
 */
export class ConnectionHandle {
  readonly #open: (signal: AbortSignal) => Promise<WebSocket>;
  readonly #broke: (why: unknown) => Error;
  #current: Promise<{ readonly webSocket: WebSocket; readonly handle: string }> | undefined;

  /** @param broke what to throw when the WebSocket ends before there was a handle. */
  constructor(open: (signal: AbortSignal) => Promise<WebSocket>, broke: (why: unknown) => Error) {
    this.#open = open;
    this.#broke = broke;
  }

  /** The handle that is alive, or a new one. */
  async get(signal: AbortSignal): Promise<string> {
    this.#current ??= this.#begin(signal);
    try {
      return (await this.#current).handle;
    } catch (error) {
      this.#current = undefined;
      throw error;
    }
  }

  async #begin(signal: AbortSignal) {
    const webSocket = await this.#open(signal);
    const opened = this.#current;
    webSocket.once("close", () => {
      if (this.#current === opened) this.#current = undefined;
    });
    return { webSocket, handle: await this.#first(webSocket, signal) };
  }

  /** The server knows the handle no longer, although nobody has told us: give another one next time. */
  drop(): void {
    this.close();
    this.#current = undefined;
  }

  close(): void {
    this.#current?.then(({ webSocket }) => webSocket.terminate()).catch(() => {});
  }

  async #first(webSocket: WebSocket, signal: AbortSignal): Promise<string> {
    const first = await messagesOf(webSocket, signal)
      .next()
      .catch((error: unknown) => {
        throw signal.aborted ? error : this.#broke(error);
      });
    if (first.done) throw this.#broke(new Error("it hung up"));
    // Pings that come later are answered only while messages are read.
    webSocket.on("message", () => {});
    webSocket.resume();
    if (!first.value.isBinary) return textIn(objectIn(JSON.parse(first.value.data.toString())), "connection");
    throw new CliError("ANSWER_INVALID", "the server gave no connection handle");
  }
}
