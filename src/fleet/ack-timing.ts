import { window } from "./limits.ts";
import type { Progress } from "./session-state.ts";

/** What is owed an ack waits so long for something that is said anyway; milliseconds. Most calls are answered sooner. */
const soonMs = 10;
/** Replies alone may wait: nobody over there waits to hear that they came, they are just kept. Longer than heartbeats are apart. */
const repliesMs = 20_000;
/** So much that is kept over there is too much to wait. */
const most = { messages: window.messages / 4, bytes: 64 * 1024, replyBytes: 8 * 1024 };

/** What is known of the messages that came. */
export interface Taken {
  readonly progress: Progress;
  /** Nothing waits to be begun. */
  readonly isEmpty: boolean;
}

/**
 * When the other side is told how far we have got: with the next message there is for it, or soon, or, if replies are
 * all that came, much later. Of four packets for a heartbeat that leaves one. The time is the real one, for nothing
 * but the number of packets depends on it.
 */
export class AckTiming {
  readonly #taken: Taken;
  readonly #isTimeCome: () => void;
  #told: Progress = { received: 0, begun: 0 };
  /** Of what is not told: bytes of all of it, and of replies. */
  #bytes = 0;
  #replyBytes = 0;
  #isTime = false;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  /** `isTimeCome` is called when {@link take} has something though nothing else is said. */
  constructor(taken: Taken, isTimeCome: () => void) {
    this.#taken = taken;
    this.#isTimeCome = isTimeCome;
  }

  /** A message that had not come before. */
  came(kind: "call" | "event" | "reply", bytes: number): void {
    this.#bytes += bytes;
    if (kind === "reply") this.#replyBytes += bytes;
  }

  /** All of this is told, by other words. */
  restart(told: Progress): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#told = told;
    this.#bytes = this.#replyBytes = 0;
    this.#isTime = false;
  }

  /** What to tell now, if `isSpeaking` with other words. Undefined: nothing, or it can wait; then its time will come. */
  take(isSpeaking: boolean): Progress | undefined {
    const { progress, isEmpty } = this.#taken;
    const received = progress.received - this.#told.received;
    const begun = progress.begun - this.#told.begun;
    // That something was begun is told when it matters.
    const matters = begun >= most.messages || (begun > 0 && isEmpty);
    if (received === 0 && !matters) return undefined;
    const isMuch =
      received + begun >= most.messages || this.#bytes >= most.bytes || this.#replyBytes >= most.replyBytes;
    if (!isSpeaking && !this.#isTime && !isMuch) {
      this.#wait(begun === 0 && this.#bytes === this.#replyBytes ? repliesMs : soonMs);
      return undefined;
    }
    this.restart(progress);
    return progress;
  }

  #wait(ms: number): void {
    const dueMs = performance.now() + ms;
    if (dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.#isTime = true;
      this.#isTimeCome();
    }, ms);
    this.#timer.unref();
  }
}
