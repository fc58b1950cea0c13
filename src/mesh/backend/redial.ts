import { type Clock, errorText, type Log, silentLog, systemClock } from "#core";
import { MeshError } from "../errors.ts";
import type { Backend, OpenBackend, Session } from "./backend.ts";
import { Patience, type RedialTimes, redialTimes } from "./patience.ts";
import { Trouble } from "./trouble.ts";

/** One way to reach one neighbour, once. */
export interface Dialing {
  /** As {@link Backend.description}. */
  readonly description: string;
  /**
   * Resolves as soon as messages can cross.
   *
   * @param signal fires when the dial takes too long or is not wanted any more; the dial then frees all it holds.
   */
  dial(signal: AbortSignal): Promise<Session>;
}

/** How a {@link Dialing} is repeated. */
export interface RedialOptions {
  /** False: dial once, and not again after a failure or a loss. Default true. */
  readonly redial?: boolean | undefined;
  /** Longest time one dial may take. Default 15 s (spec §3.2). */
  readonly dialLimitMs?: number | undefined;
  readonly times?: Partial<RedialTimes> | undefined;
  readonly log?: Log | undefined;
  readonly clock?: Clock | undefined;
  /** Numbers from 0 up to 1. */
  readonly random?: (() => number) | undefined;
}

/** A dialer that runs. */
export interface OpenDialer extends OpenBackend {
  /** Dial now instead of waiting on: somebody knows that the far end is back. */
  wake(): void;
}

/** A {@link Backend} that keeps one session to a neighbour. */
export interface DialerBackend extends Backend {
  start(accept: (session: Session) => void): Promise<OpenDialer>;
}

/** The backend that dials, and dials again (spec §3.2). */
export function redialling(dialing: Dialing, options: RedialOptions = {}): DialerBackend {
  const { description } = dialing;
  return { description, start: async (accept) => new Dialer(dialing, options, accept) };
}

/** The dialling of one `start`. */
class Dialer implements OpenDialer {
  readonly addresses: readonly string[] = [];
  readonly #dialing: Dialing;
  readonly #accept: (session: Session) => void;
  readonly #once: boolean;
  readonly #dialLimitMs: number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #patience: Patience;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #session: Session | undefined;
  /** Fires to end the dial or the wait that goes on now. */
  #current = new AbortController();
  #isWaiting = false;
  readonly #trouble: Trouble;

  constructor(dialing: Dialing, options: RedialOptions, accept: (session: Session) => void) {
    this.#dialing = dialing;
    this.#accept = accept;
    this.#once = options.redial === false;
    this.#dialLimitMs = options.dialLimitMs ?? 15_000;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    this.#trouble = new Trouble(dialing.description, this.#log, this.#clock);
    this.#patience = new Patience({ ...redialTimes, ...options.times }, options.random ?? Math.random);
    this.#done = this.#run();
  }

  get problem(): string | undefined {
    return this.#session ? undefined : this.#trouble.text;
  }

  wake(): void {
    if (this.#isWaiting) this.#current.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#current.abort(new MeshError("MESH_CLOSED", `${this.#dialing.description} is being closed`));
    this.#session?.close();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped()) {
      await this.#oneSession();
      if (this.#once) return;
      await this.#wait();
    }
  }

  /** Dial, and if a session comes see it through to its end. */
  async #oneSession(): Promise<void> {
    const session = await this.#dial();
    if (!session) return;
    const since = this.#clock.elapsed();
    this.#session = session;
    if (this.#isStopped()) session.close();
    else this.#accept(session);
    const why = await session.closed;
    this.#session = undefined;
    if (!this.#isStopped()) this.#lost(why);
    this.#patience.sessionEnded(this.#clock.elapsed() - since);
  }

  /** A far end that takes us only to turn us away is as much trouble as one that is not there. */
  #lost(why: Error | undefined): void {
    if (why instanceof MeshError) return this.#trouble.note(errorText(why));
    this.#trouble.over();
    if (why) this.#log.debug(`${this.#dialing.description}: the connection was lost: ${errorText(why)}`);
  }

  async #dial(): Promise<Session | undefined> {
    const dial = this.#begin();
    const over = new AbortController();
    this.#clock.sleep(this.#dialLimitMs, over.signal).then(
      () => dial.abort(this.#tooSlow()),
      () => {},
    );
    try {
      const session = await this.#dialing.dial(dial.signal);
      return session;
    } catch (error) {
      if (!this.#isStopped()) this.#trouble.note(errorText(error));
      return undefined;
    } finally {
      over.abort();
      // The dial is over: its signal must not reach into the session that came of it.
      this.#begin();
    }
  }

  async #wait(): Promise<void> {
    if (this.#isStopped()) return;
    this.#isWaiting = true;
    const wait = this.#begin();
    // Woken or closed: either way the wait is over.
    await this.#clock.sleep(this.#patience.nextWait(), wait.signal).catch(() => {});
    this.#isWaiting = false;
  }

  /** What {@link close} and {@link wake} end from now on. */
  #begin(): AbortController {
    this.#current = new AbortController();
    if (this.#isStopped()) this.#current.abort();
    return this.#current;
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #tooSlow(): MeshError {
    return new MeshError("DIAL_FAILED", `no connection came about within ${this.#dialLimitMs / 1000} s`);
  }
}
