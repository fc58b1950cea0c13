import type { Duplex } from "node:stream";
import { MeshError } from "../../errors.ts";
import type { Session, SessionEvents } from "../backend.ts";
import { Ending } from "../ending.ts";
import { Inbox } from "../inbox.ts";
import { overflowBytes, overflowError } from "../overflow.ts";
import { refusedCode } from "./proving.ts";
import type { OpenWebSocket, WebSocket } from "./ws.ts";

/** How long the closing handshake and what is queued before it may take, milliseconds. */
const lingerMs = 1000;

const normalClosure = 1000;
/** Close codes of an end in order: normal, going away, and none given. */
const orderly: readonly number[] = [normalClosure, 1001, 1005];

/** What a session cannot see of its WebSocket. */
export interface WebSocketSessionOptions {
  readonly description: string;
  readonly maxMessageBytes: number;
  readonly provenNodeIds?: readonly string[] | undefined;
}

/** A session on an open WebSocket: each message is a binary message of it (spec §3.2). */
export class WebSocketSession implements Session {
  readonly description: string;
  readonly provenNodeIds: readonly string[] | undefined;
  readonly isReliable = true;
  readonly maxMessageBytes: number;
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #inbox = new Inbox();
  readonly #ending = new Ending();
  #why: Error | undefined;
  #isClosing = false;
  #isCorked = false;

  constructor({ webSocket, socket }: OpenWebSocket, options: WebSocketSessionOptions) {
    this.description = options.description;
    this.maxMessageBytes = options.maxMessageBytes;
    this.provenNodeIds = options.provenNodeIds;
    this.#webSocket = webSocket;
    this.#socket = socket;
    webSocket.on("message", (data) => this.#inbox.receive(data as Buffer));
    webSocket.on("error", (error) => this.#break(error));
    webSocket.on("close", (code, reason) => this.#gone(code, reason));
    // Not read before somebody listens: what comes early waits in the system, and holds the far end back.
    webSocket.pause();
  }

  get closed(): Promise<Error | undefined> {
    return this.#ending.closed;
  }

  get queuedBytes(): number {
    return this.#isClosing ? 0 : this.#webSocket.bufferedAmount;
  }

  start(events: SessionEvents): void {
    this.#inbox.start(events);
    this.#webSocket.resume();
  }

  send(message: Uint8Array): void {
    if (this.#isClosing || message.length === 0 || message.length > this.maxMessageBytes) return;
    if (this.queuedBytes > overflowBytes) return this.#break(overflowError());
    this.#cork();
    this.#webSocket.send(message, { binary: true }, this.#written);
    this.#inbox.queued(this.queuedBytes);
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#inbox.close();
    this.#webSocket.resume();
    this.#webSocket.close(normalClosure);
    const timer = setTimeout(() => this.#webSocket.terminate(), lingerMs);
    void this.closed.then(() => clearTimeout(timer));
  }

  readonly #written = (): void => this.#inbox.queued(this.queuedBytes);

  /** All messages of one turn go to the system in one call. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#socket.uncork();
    });
  }

  #break(why: Error): void {
    if (!this.#isClosing) this.#why ??= why;
    this.#isClosing = true;
    this.#inbox.close();
    this.#webSocket.terminate();
  }

  #gone(code: number, reason: Buffer): void {
    const wasClosing = this.#isClosing;
    this.#isClosing = true;
    this.#inbox.close();
    if (code === refusedCode && !wasClosing)
      this.#why ??= new MeshError(
        "PROOF_REFUSED",
        `the far end turned us away: ${reason.toString() || "no reason given"}`,
      );
    const abrupt = wasClosing || orderly.includes(code) ? undefined : new Error(`the WebSocket ended (code ${code})`);
    this.#ending.end(this.#why ?? abrupt);
  }
}
