import type { CallMessage, EventMessage } from "./envelope.ts";
import { window } from "./limits.ts";
import { broken, type Progress } from "./session-state.ts";

/** What somebody wants done here. */
export type Request = CallMessage | EventMessage;

interface Waiting {
  /** Undefined when it was taken back meanwhile. */
  request: Request | undefined;
  readonly bytes: number;
}

/** What the other side sent: each number once, in order; what is to be done waits here for its turn. No I/O. */
export class Inbox {
  #received = 0;
  #begun = 0;
  #waiting: Waiting[] = [];
  #bytes = 0;

  get progress(): Progress {
    return { received: this.#received, begun: this.#begun };
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether the message of that number has not come before. @throws {FleetError} CONVERSATION_BROKEN when one is missing. */
  isNew(sequence: number): boolean {
    if (sequence <= this.#received) return false;
    if (sequence !== this.#received + 1) throw broken(`message ${sequence} came after ${this.#received}`);
    this.#received = sequence;
    return true;
  }

  /** @param bytes of the message. @throws {FleetError} CONVERSATION_BROKEN when the window is full. */
  put(request: Request, bytes: number): void {
    if (this.#waiting.length >= window.messages || this.#bytes + bytes > window.bytes)
      throw broken("it sends more than the window allows");
    this.#waiting.push({ request, bytes });
    this.#bytes += bytes;
  }

  /** Whether a call waited here; it will not be given out. */
  takeBack(id: string): boolean {
    const found = this.#waiting.find(({ request }) => request?.id === id);
    if (found) found.request = undefined;
    return found !== undefined;
  }

  /** The next one to be begun, which thereby is. */
  next(): Request | undefined {
    for (let first = this.#waiting.shift(); first; first = this.#waiting.shift()) {
      this.#bytes -= first.bytes;
      this.#begun++;
      if (first.request) return first.request;
    }
    return undefined;
  }

  /** The other side starts again at 1. */
  restart(): void {
    this.#waiting = [];
    this.#received = this.#begun = this.#bytes = 0;
  }
}
