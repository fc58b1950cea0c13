import { type Draft, encodeDraft, frameOf, mostNumberBytes } from "./envelope.ts";
import { FleetError } from "./errors.ts";
import { type ConversationLimits, window } from "./limits.ts";
import { broken, type Progress } from "./session-state.ts";

/** Who wants to know what becomes of a message. */
export interface Fate {
  /** The other side has it. */
  taken(): void;
  /** It was sent, and whether the other side got it will never be known. */
  lost(why: Error): void;
}

/** A message on its way out. */
interface Outgoing {
  readonly id: string;
  readonly text: string;
  readonly bytes: number;
  /** Calls and events wait for room in the other side's window; replies and what the conversation needs do not. */
  readonly isWindowed: boolean;
  readonly fate: Fate | undefined;
  /** 0 until it is first sent. */
  sequence: number;
}

/**
 * What was said and may not have been heard: kept until the other side has it, sent again on a new stream. No I/O.
 *
 * A message gets its number when it is first sent, so that replies can pass calls which wait for the window.
 */
export class Outbox {
  readonly #limits: ConversationLimits;
  /** Never sent. */
  #urgent: Outgoing[] = [];
  #waiting: Outgoing[] = [];
  /** Sent, not acknowledged, in the order of their numbers; the first `#resent` of them on this stream. */
  #sent: Outgoing[] = [];
  #resent = 0;
  #lastSequence = 0;
  #received = 0;
  /** Bytes of the calls and events that were sent and are not begun, oldest first, and their sum. */
  #open: number[] = [];
  #openBytes = 0;
  #begun = 0;
  readonly #held = { messages: 0, bytes: 0, replyBytes: 0 };

  constructor(limits: ConversationLimits) {
    this.#limits = limits;
  }

  /** Calls and events that are not acknowledged, and the bytes of replies that are not. */
  get held(): Readonly<{ messages: number; bytes: number; replyBytes: number }> {
    return this.#held;
  }

  /** Whether one more call or event of that size would be taken. */
  hasRoom(bytes = 0): boolean {
    return this.#held.messages < this.#limits.backlogMessages && this.#held.bytes + bytes <= this.#limits.backlogBytes;
  }

  /**
   * Take a call or an event.
   *
   * @throws {FleetError} BACKLOG_FULL or MESSAGE_TOO_LARGE.
   */
  add(draft: Draft, fate?: Fate): void {
    const message = outgoing(draft, true, fate);
    if (!this.hasRoom(message.bytes)) throw this.#full();
    this.#held.messages++;
    this.#held.bytes += message.bytes;
    this.#waiting.push(message);
  }

  /** Take a reply, or a word about a call: how many there are is bounded by the calls. @throws {FleetError} MESSAGE_TOO_LARGE */
  addUrgent(draft: Draft): void {
    const message = outgoing(draft, false, undefined);
    this.#held.replyBytes += message.bytes;
    this.#urgent.push(message);
  }

  /** Take back a call or an event that was never sent. False: it was. */
  remove(id: string): boolean {
    const at = this.#waiting.findIndex((message) => message.id === id);
    const [message] = at === -1 ? [] : this.#waiting.splice(at, 1);
    if (!message) return false;
    this.#release(message);
    return true;
  }

  /** The next frame to be sent, or undefined when there is none or the window is full. */
  next(): Buffer | undefined {
    const message = this.#sent[this.#resent] ?? this.#numbered(this.#urgent.shift() ?? this.#windowed());
    if (!message) return undefined;
    this.#resent++;
    return frameOf(message.text, message.sequence);
  }

  /** The other side has got so far. @throws {FleetError} CONVERSATION_BROKEN when it cannot have. */
  acknowledge({ received, begun }: Progress): void {
    if (received < this.#received || received > this.#lastSequence) throw broken(`it has message ${received}`);
    if (begun < this.#begun || begun > this.#begun + this.#open.length) throw broken(`it has begun ${begun} messages`);
    const taken = this.#sent.splice(0, received - this.#received);
    this.#resent = Math.max(0, this.#resent - taken.length);
    this.#received = received;
    for (const bytes of this.#open.splice(0, begun - this.#begun)) this.#openBytes -= bytes;
    this.#begun = begun;
    for (const message of taken) {
      this.#release(message);
      message.fate?.taken();
    }
  }

  /** A new stream: what is not acknowledged is sent again. */
  rewind(): void {
    this.#resent = 0;
  }

  /** The other side starts again at 1. What was sent is lost, what was not waits for it. @returns the ids that wait. */
  restart(why: Error): ReadonlySet<string> {
    for (const message of [...this.#sent, ...this.#urgent]) {
      this.#release(message);
      message.fate?.lost(why);
    }
    this.#sent = [];
    this.#urgent = [];
    this.#open = [];
    this.#resent = this.#lastSequence = this.#received = this.#openBytes = this.#begun = 0;
    return new Set(this.#waiting.map(({ id }) => id));
  }

  /** Nothing will be sent any more. */
  close(why: Error): void {
    this.restart(why);
    for (const { fate } of this.#waiting.splice(0)) fate?.lost(why);
    this.#held.messages = this.#held.bytes = 0;
  }

  /** A call or an event whose turn it is, when the window has room for it. */
  #windowed(): Outgoing | undefined {
    const [message] = this.#waiting;
    if (!message || this.#open.length >= window.messages) return undefined;
    if (this.#openBytes + message.bytes > window.bytes) return undefined;
    this.#open.push(message.bytes);
    this.#openBytes += message.bytes;
    return this.#waiting.shift();
  }

  #numbered(message: Outgoing | undefined): Outgoing | undefined {
    if (!message) return undefined;
    message.sequence = ++this.#lastSequence;
    this.#sent.push(message);
    return message;
  }

  #release({ isWindowed, bytes }: Outgoing): void {
    if (!isWindowed) {
      this.#held.replyBytes -= bytes;
      return;
    }
    this.#held.messages--;
    this.#held.bytes -= bytes;
  }

  #full(): FleetError {
    const { messages, bytes } = this.#held;
    return new FleetError("BACKLOG_FULL", `${messages} messages of ${bytes} bytes wait for the other side already`);
  }
}

function outgoing(draft: Draft, isWindowed: boolean, fate: Fate | undefined): Outgoing {
  const text = encodeDraft(draft);
  return { id: draft.id, text, bytes: Buffer.byteLength(text) + mostNumberBytes, isWindowed, fate, sequence: 0 };
}
