import { MeshError } from "../../errors.ts";
import type { Session, SessionEvents } from "../backend.ts";
import { Ending } from "../ending.ts";
import { Inbox } from "../inbox.ts";
import { overflowBytes, overflowError } from "../overflow.ts";
import { type Batch, maxNumberedMessageBytes } from "./batch.ts";
import { Incoming } from "./incoming.ts";
import { Outgoing } from "./outgoing.ts";

/** What a message in the queue costs besides its bytes. */
const bytesPerQueued = 64;
/** How long what is queued at `close` may take to get there. */
const closeLimitMs = 2000;

/** What a numbered session is told by its carrier. */
export interface NumberedSessionOptions {
  readonly description: string;
  readonly provenNodeIds?: readonly string[] | undefined;
  /** There may be something to carry now: called often, and inside {@link NumberedSession.send}. */
  readonly changed: () => void;
}

/**
 * A reliable session over requests or queues that may get lost or come twice: each message has a number, and is kept
 * until the far end has acknowledged it. Does no I/O: a carrier takes batches out, brings batches in, and says when
 * everything on the way may be lost.
 */
export class NumberedSession implements Session {
  readonly description: string;
  readonly isReliable = true;
  readonly maxMessageBytes = maxNumberedMessageBytes;
  readonly provenNodeIds: readonly string[] | undefined;
  readonly #inbox = new Inbox();
  readonly #incoming = new Incoming(this.#inbox);
  readonly #outgoing = new Outgoing();
  readonly #ending = new Ending();
  readonly #changed: () => void;
  #isClosing = false;
  #closeLimit: NodeJS.Timeout | undefined;
  #lastWasTaken = false;
  #ackTold = 0;

  constructor({ description, provenNodeIds, changed }: NumberedSessionOptions) {
    this.description = description;
    this.provenNodeIds = provenNodeIds;
    this.#changed = changed;
  }

  get closed(): Promise<Error | undefined> {
    return this.#ending.closed;
  }

  get isOver(): boolean {
    return this.#ending.isOver;
  }

  /** This side closed it; what is queued, and word of the end, are still to be carried. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  get queuedBytes(): number {
    return this.isOver ? 0 : this.#outgoing.bytes;
  }

  start(events: SessionEvents): void {
    this.#inbox.start(events);
    this.#incoming.resume();
    this.#changed();
  }

  send(message: Uint8Array): void {
    if (this.isOver || this.#isClosing || message.length === 0 || message.length > this.maxMessageBytes) return;
    this.#outgoing.push(message);
    this.#inbox.queued(this.#outgoing.bytes);
    const held = this.#outgoing.bytes + this.#outgoing.count * bytesPerQueued;
    if (held > overflowBytes) return this.end(overflowError());
    this.#changed();
  }

  close(): void {
    if (this.isOver || this.#isClosing) return;
    this.#isClosing = true;
    this.#closeLimit = setTimeout(() => this.end(), closeLimitMs);
    this.#inbox.close();
    this.#changed();
  }

  /** There are messages to carry, or word of the end. */
  get hasUnsent(): boolean {
    return this.#outgoing.canTake || (this.#isClosing && !this.#lastWasTaken && !this.#outgoing.hasUnsent);
  }

  /** More has come in than the far end was told of. */
  get owesAck(): boolean {
    return this.#incoming.ack > this.#ackTold;
  }

  /** Everything up to this number was taken in. */
  get ack(): number {
    return this.#incoming.ack;
  }

  /** Messages wait for {@link start}: bring no more. */
  get isHeldUp(): boolean {
    return this.#incoming.isHeldUp;
  }

  /** What is to be carried now, in a batch of at most `maxBytes`; it may have no messages. */
  take(maxBytes: number): Batch {
    const taken = this.#outgoing.take(maxBytes);
    this.#lastWasTaken = this.#isClosing && !this.#outgoing.hasUnsent;
    return { ...this.acknowledgement(), ...taken, isLast: this.#lastWasTaken };
  }

  /** A batch that only says what has come in. */
  acknowledgement(): Batch {
    this.#ackTold = this.#incoming.ack;
    return { first: 0, ack: this.#ackTold, isLast: false, messages: [] };
  }

  /** What was taken may be lost: {@link take} gives again what the far end has not acknowledged. */
  rewind(): void {
    this.#outgoing.rewind();
    this.#lastWasTaken = false;
  }

  /** A batch that came. What is wrong with it ends the session. */
  receive(batch: Batch): void {
    if (this.isOver) return;
    try {
      this.acknowledge(batch.ack);
      this.#incoming.take(batch);
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      return this.end(error);
    }
    if (batch.isLast) this.end();
  }

  /** The far end has everything up to `ack`. @throws {MeshError} `PACKET_INVALID` */
  acknowledge(ack: number): void {
    this.#outgoing.acknowledge(ack);
    this.#inbox.queued(this.#outgoing.bytes);
    // The window may have room again.
    if (this.hasUnsent) this.#changed();
  }

  /** The session is over. A carrier calls it when it has carried the last batch, or why it cannot go on. */
  end(why?: Error): void {
    if (!this.#ending.end(why)) return;
    clearTimeout(this.#closeLimit);
    this.#inbox.close();
    this.#incoming.clear();
    // After an orderly close the last batch may have to be carried once more.
    if (!this.#isClosing || why) this.#outgoing.clear();
    this.#changed();
  }
}
