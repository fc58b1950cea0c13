import { createHash } from "node:crypto";
import type { Clock } from "#core";
import { ServerError } from "../errors.ts";
import {
  claimIdempotency,
  dropIdempotencyBefore,
  freeIdempotency,
  type IdempotencyKey,
  keepAnswer,
} from "../store/idempotency.ts";
import type { Store } from "../store/store.ts";
import { Answer } from "./answer.ts";
import { problemOf } from "./problem.ts";

const keptMs = 24 * 60 * 60_000;

/** A request that may have come before. */
export interface KeyedRequest extends IdempotencyKey {
  /** Method, path and body: the same key for something else is a mistake. */
  readonly request: readonly string[];
  /** SHA-256, hex, of a payload behind it, known when that was read to its end. */
  readonly payload?: (() => Promise<string>) | undefined;
  /** The answer holds a secret that is shown once. */
  readonly shownOnce: boolean;
  /** Doing it again does nothing again. */
  readonly mayRepeat: boolean;
  /** Fires when it is broken off: what became of it then nobody knows. */
  readonly signal: AbortSignal;
}

/** Requests with one key that are on their way in this server. */
interface Crowd {
  inside: number;
  /** All that have come since there was last nobody. */
  entered: number;
}

/** What was asked for with the same key twice happens once, and is answered alike (24 hours). */
export class Idempotency {
  readonly #store: Store;
  readonly #clock: Pick<Clock, "now">;
  readonly #ages: Pick<Clock, "now">;
  /** By the keys that this server is in the middle of. */
  readonly #here = new Map<string, Crowd>();

  /** @param ages by which it is decided which are older than a day. */
  constructor(store: Store, clock: Pick<Clock, "now">, ages: Pick<Clock, "now"> = clock) {
    this.#store = store;
    this.#clock = clock;
    this.#ages = ages;
  }

  /** @throws {ServerError} IDEMPOTENCY_REUSED, …_RUNNING, …_LOST, …_SHOWN; and what `work` throws. */
  async run(keyed: KeyedRequest, work: () => Promise<Answer>): Promise<Answer> {
    const { caller, key } = keyed;
    if (!/^[\x21-\x7e]{1,255}$/.test(key))
      throw new ServerError("REQUEST_INVALID", "Idempotency-Key: 1 to 255 printable characters");
    const name = JSON.stringify([caller, key]);
    const crowd = this.#here.get(name) ?? { inside: 0, entered: 0 };
    crowd.inside++;
    crowd.entered++;
    this.#here.set(name, crowd);
    try {
      return await this.#claimed(keyed, crowd, work);
    } finally {
      if (--crowd.inside === 0) this.#here.delete(name);
    }
  }

  async #claimed(keyed: KeyedRequest, crowd: Crowd, work: () => Promise<Answer>): Promise<Answer> {
    const { caller, key } = keyed;
    const fingerprint = createHash("sha256").update(JSON.stringify(keyed.request)).digest("hex");
    const claim = { caller, key, fingerprint, created_at: this.#clock.now() };
    const before = await claimIdempotency(this.#store, claim);
    if (!before) return await this.#first(keyed, work);
    // Only now: a key that is given back goes to whichever of them asks first, and that need not be who came first.
    const isHere = crowd.entered > 1;
    if (before.fingerprint !== fingerprint)
      throw new ServerError("IDEMPOTENCY_REUSED", "this Idempotency-Key was used for another request");
    if (before.status === null && keyed.mayRepeat && !isHere) return await this.#first(keyed, work);
    if (before.status === null) throw unanswered(isHere);
    await refuseOtherPayload(keyed, before.payload, before.status);
    if (keyed.shownOnce && before.status < 400)
      throw new ServerError("IDEMPOTENCY_SHOWN", "this was done, and what it made was shown once");
    const body: unknown = before.body === null ? undefined : JSON.parse(before.body);
    return new Answer(before.status, body, replayed(before.status));
  }

  async #first(keyed: KeyedRequest, work: () => Promise<Answer>): Promise<Answer> {
    const answer = await this.#worked(keyed, work);
    // The answer is true also when the database does not take it: whoever asks again is told that it is lost.
    await this.#keep(keyed, answer.status, keyed.shownOnce ? undefined : answer.body).catch(() => {});
    return answer;
  }

  async #worked(keyed: KeyedRequest, work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      // Neither done nor refused: whoever asks again is told that it is lost.
      if (keyed.signal.aborted) throw error;
      const problem = problemOf(error);
      // A refusal did nothing. Of a failure nobody knows: it is answered again, and not tried again.
      const kept =
        problem.status < 500 ? freeIdempotency(this.#store, keyed) : this.#keep(keyed, problem.status, problem);
      await kept.catch(() => {});
      throw error;
    }
  }

  async #keep(keyed: KeyedRequest, status: number, body: unknown): Promise<void> {
    // A failure may have come in the middle of the payload, which nobody wants to wait for then.
    const payload = (status < 400 && (await keyed.payload?.().catch(() => undefined))) || null;
    await keepAnswer(this.#store, keyed, { payload, status, body: body === undefined ? null : JSON.stringify(body) });
  }

  /** Forget what is older than a day. */
  sweep(): Promise<void> {
    return dropIdempotencyBefore(this.#store, this.#ages.now() - keptMs);
  }
}

/** There is one server on a database: what it is not in the middle of was broken off with an earlier run of it. */
function unanswered(isHere: boolean): ServerError {
  if (isHere)
    return new ServerError("IDEMPOTENCY_RUNNING", "the first request with this Idempotency-Key has not ended");
  return new ServerError(
    "IDEMPOTENCY_LOST",
    "the first request with this Idempotency-Key was broken off, and nobody knows whether it was done",
  );
}

/**
 * The payload is read to its end for this: nothing else shows that it is another one. What failed is told again whatever
 * came behind it.
 */
async function refuseOtherPayload({ payload }: KeyedRequest, before: string | null, status: number): Promise<void> {
  if (!payload || status >= 400 || (await payload()) === before) return;
  throw new ServerError("IDEMPOTENCY_REUSED", "this Idempotency-Key was used with another payload");
}

function replayed(status: number): Record<string, string> {
  const type = status >= 400 ? { "content-type": "application/problem+json; charset=utf-8" } : {};
  return { ...type, "idempotency-replayed": "true" };
}
