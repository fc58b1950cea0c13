import type { Duplex } from "node:stream";
import { FrameReader } from "./frame-reader.ts";

export interface AttachmentEvents {
  /** One message, without its length. What it throws ends the attachment. */
  message(message: Buffer): void;
  /** All that had come was given, or there is room to write again. */
  ready(): void;
  /** Nothing comes any more. Without an error the stream ended in order. Called once. */
  over(error: Error | undefined): void;
}

/** A conversation's hold on one stream: it reads messages, and knows when to stop writing. */
export class Attachment {
  readonly #duplex: Duplex;
  readonly #events: AttachmentEvents;
  readonly #reader = new FrameReader();
  #isFull = false;
  #isOver = false;

  constructor(duplex: Duplex, events: AttachmentEvents) {
    this.#duplex = duplex;
    this.#events = events;
  }

  /** Begin to read. */
  start(): void {
    this.#duplex.on("data", (chunk: Uint8Array) => this.#read(chunk));
    this.#duplex.on("drain", () => this.#drained());
    this.#duplex.on("end", () => this.end());
    this.#duplex.on("close", () => this.end());
    this.#duplex.on("error", (error: Error) => this.end(error));
    if (this.#duplex.destroyed || this.#duplex.readableEnded) this.end();
  }

  /** Whether nothing should be written now, for the stream is full, or over. */
  get isBlocked(): boolean {
    return this.#isFull || this.#isOver;
  }

  write(frame: Buffer): void {
    if (!this.#isOver && !this.#duplex.write(frame)) this.#isFull = true;
  }

  /** What is written meanwhile goes out in one piece. */
  together(write: () => void): void {
    this.#duplex.cork();
    try {
      write();
    } finally {
      this.#duplex.uncork();
    }
  }

  /** Let go of the stream and end it. */
  end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#duplex.destroy();
    this.#events.over(error);
  }

  #read(chunk: Uint8Array): void {
    if (this.#isOver) return;
    try {
      this.#reader.push(chunk);
      for (let message = this.#reader.next(); message && !this.#isOver; message = this.#reader.next())
        this.#events.message(message);
    } catch (error) {
      return this.end(error instanceof Error ? error : new Error(String(error)));
    }
    if (!this.#isOver) this.#events.ready();
  }

  #drained(): void {
    this.#isFull = false;
    if (!this.#isOver) this.#events.ready();
  }
}
