import type { Clock } from "#core";
import type { ReplyMessage } from "./envelope.ts";
import { FleetError } from "./errors.ts";

export interface CallOptions {
  /** Takes the call back: it ends with the signal's reason, and the other side's handler is told. */
  readonly signal?: AbortSignal;
  /** Time for the answer, cuts of the stream included, milliseconds; 30 s unless said otherwise. */
  readonly timeoutMs?: number;
  /** Id of a message that this one is about. */
  readonly correlation?: string;
}

const usualTimeoutMs = 30_000;

interface OwnCall {
  answer(reply: ReplyMessage): void;
  fail(why: unknown): void;
}

/** Our calls that wait for an answer. Each ends: by its answer, its deadline, its caller, or the end of the other side. */
export class OwnCalls {
  readonly #clock: Clock;
  readonly #calls = new Map<string, OwnCall>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param takeBack is called when nobody waits any more and the other side has not answered. */
  async answerTo(id: string, method: string, options: CallOptions, takeBack: () => void): Promise<ReplyMessage> {
    const { signal, timeoutMs = usualTimeoutMs } = options;
    const over = new AbortController();
    const giveUp = (why: unknown): void => {
      takeBack();
      this.#calls.get(id)?.fail(why);
    };
    const onAbort = (): void => giveUp(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    void this.#expired(timeoutMs, over.signal).then((isExpired) => {
      if (isExpired) giveUp(new FleetError("CALL_TIMEOUT", `${method} was not answered within ${timeoutMs} ms`));
    });
    try {
      return await new Promise((answer, fail) => this.#calls.set(id, { answer, fail }));
    } finally {
      this.#calls.delete(id);
      over.abort();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** An answer to a call that is over, or was never made, is dropped (CAT-61). */
  answer(reply: ReplyMessage): void {
    this.#calls.get(reply.correlation)?.answer(reply);
  }

  failAll(why: Error, except: ReadonlySet<string>): void {
    for (const [id, call] of this.#calls) if (!except.has(id)) call.fail(why);
  }

  async #expired(timeoutMs: number, over: AbortSignal): Promise<boolean> {
    try {
      await this.#clock.sleep(timeoutMs, over);
      return !over.aborted;
    } catch {
      return false;
    }
  }
}
