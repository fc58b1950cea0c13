import type { Clock } from "#core";
import { MeshError } from "../../errors.ts";
import { type Batch, decodeBatch, encodeBatch, maxBatchBytes } from "../numbered/batch.ts";
import { NumberedSession } from "../numbered/session.ts";
import { ackHeader, batchType, type Opening, pollParameter, sessionHeader } from "./protocol.ts";
import type { Answer, Ask, Requests } from "./requests.ts";

/** Waits between tries after a failure: the first, and the longest. */
const retryMs = [50, 2000] as const;
/** What an upload may take, and a poll beyond the time it is held. */
const uploadLimitMs = 20_000;
const pollGraceMs = 15_000;
/** Statuses that say nothing about the session: the proxy in between is in trouble, or its limits are reached. */
const passing = new Set([408, 409, 425, 429]);

/** Carries a session by requests: one poll and one upload under way at a time, each repeated until it is answered. */
export class ClientCarrier {
  readonly session: NumberedSession;
  readonly #requests: Requests;
  readonly #opening: Opening;
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #waiting = new Set<() => void>();
  #answeredAt: number;

  constructor(requests: Requests, opening: Opening, description: string, clock: Clock) {
    this.#requests = requests;
    this.#opening = opening;
    this.#clock = clock;
    this.#answeredAt = clock.elapsed();
    const { provenNodeIds } = requests;
    this.session = new NumberedSession({ description, provenNodeIds, changed: () => this.#changed() });
  }

  /** Runs until the session is over. */
  run(): void {
    const loops = [this.#poll(), this.#upload()];
    void Promise.all(loops).finally(() => this.#requests.close());
  }

  #changed(): void {
    if (this.session.isOver) this.#over.abort();
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async #poll(): Promise<void> {
    const signal = this.#over.signal;
    let number = 0;
    for (let failures = 0; !signal.aborted; ) {
      await this.#until(() => signal.aborted || !this.session.isHeldUp);
      number++;
      const ask: Ask = {
        method: "GET",
        query: { [pollParameter]: String(number) },
        headers: { [sessionHeader]: this.#opening.session, [ackHeader]: String(this.session.acknowledgement().ack) },
        limitMs: this.#opening.holdMs + pollGraceMs,
      };
      failures = (await this.#exchange(ask, signal)) ? 0 : failures + 1;
      if (failures > 0) await this.#pause(failures, signal);
    }
  }

  async #upload(): Promise<void> {
    const signal = this.#over.signal;
    for (let failures = 0; !signal.aborted; ) {
      await this.#until(() => signal.aborted || this.session.hasUnsent);
      // What is sent in one turn goes in one body.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) return;
      const batch = this.session.take(maxBatchBytes);
      const ask: Ask = {
        method: "POST",
        headers: { [sessionHeader]: this.#opening.session, "Content-Type": batchType },
        body: encodeBatch(batch),
        limitMs: uploadLimitMs,
      };
      if (await this.#exchange(ask, signal)) {
        failures = 0;
        if (batch.isLast) this.session.end();
        continue;
      }
      this.session.rewind();
      await this.#pause(++failures, signal);
    }
  }

  /** Ask, and take in what the answer brings. @returns whether it was answered; if not it is to be asked again. */
  async #exchange(ask: Ask, signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await this.#requests.ask(ask, signal);
      const batch = this.#read(answer);
      if (!batch) return false;
      this.#answeredAt = this.#clock.elapsed();
      if (!signal.aborted) this.session.receive(batch);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof MeshError)) throw error;
      if (error.code === "TLS_REFUSED") this.session.end(error);
      else this.#failed(error);
      return false;
    }
  }

  /** The batch of an answer; undefined when it is the answer of something in between. */
  #read({ status, type, body }: Answer): Batch | undefined {
    if (status === 200 && type === batchType) return decodeBatch(body);
    if (status === 410) this.#refused("the far end does not know the session any more");
    else if (status >= 400 && status < 500 && !passing.has(status)) this.#refused(`the far end answers ${status}`);
    else this.#failed(new MeshError("NO_CONNECTION", `something on the way answers ${status}`));
    return undefined;
  }

  /** A session that is being closed has come to its end when the far end has forgotten it. */
  #refused(why: string): void {
    this.session.end(this.session.isClosing ? undefined : new MeshError("NO_CONNECTION", why));
  }

  /** A failed try is no more than that, until there were only such for too long. */
  #failed(why: MeshError): void {
    if (this.#clock.elapsed() - this.#answeredAt > this.#opening.silenceMs) this.session.end(why);
  }

  async #pause(failures: number, signal: AbortSignal): Promise<void> {
    const [first, longest] = retryMs;
    const wait = Math.min(longest, first * 2 ** (failures - 1));
    await this.#clock.sleep(wait * (0.5 + Math.random() / 2), signal).catch(() => {});
  }

  /** Wait for a change after which this is so. */
  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }
}
