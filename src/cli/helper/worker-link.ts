import { type Clock, errorText } from "#core";
import {
  type HelperHello,
  helperHello,
  type HelperTask,
  type HelperWelcome,
  type JsonObject,
  type Method,
  RemoteError,
} from "#fleet";
import { CliError } from "../errors.ts";
import { type Line, LineLost, openLine, type WorkerAddress } from "./line.ts";

/** Between two tries to reach a worker that is gone. */
const firstPauseMs = 100;
const longestPauseMs = 2_000;
/** Before there was a worker at all, it is hoped for so long. */
const firstHopeMs = 60_000;
/** From the first try of a connection until the worker has let us in. */
const greetMs = 20_000;
/** An answer that is so much later than it should be comes no more. */
const missedBeats = 3;

export interface WorkerLinkOptions {
  readonly address: WorkerAddress;
  readonly hello: HelperHello;
  readonly clock: Clock;
  /** Told each time the worker has let us in, with the tasks that it counts as ours. */
  readonly met: (welcome: HelperWelcome) => void;
  /** Told each time it is gone. */
  readonly missed: () => void;
}

/**
 * The way to the worker, kept up: calls wait for it while it is cut, and are made again. That is safe because each of them
 * may be said twice.
 */
export class WorkerLink {
  readonly #options: WorkerLinkOptions;
  readonly #over = new AbortController();
  #line: Promise<Line>;
  #welcome: HelperWelcome | undefined;

  constructor(options: WorkerLinkOptions) {
    this.#options = options;
    this.#line = this.#connect();
    this.#line.catch(() => {});
  }

  /** Fires when there is no more hope, with the reason. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** What the worker said last of itself. */
  get welcome(): HelperWelcome | undefined {
    return this.#welcome;
  }

  /** Resolves when the worker has let us in once. @throws the reason of {@link over}. */
  async ready(): Promise<void> {
    await this.#line;
  }

  /**
   * Ask the worker, through cuts if need be.
   *
   * @param waitMs so long the answer may be kept back.
   * @throws {RemoteError} what it refused. @throws the reason of {@link over}.
   */
  async call<P extends JsonObject, R>(method: Method<P, R>, params: NoInfer<P>, waitMs = 0): Promise<R> {
    for (;;) {
      const line = await this.#line;
      try {
        return (await this.#answer(line, method.name, params, waitMs)) as R;
      } catch (error) {
        if (!(error instanceof LineLost)) throw error;
        this.#over.signal.throwIfAborted();
      }
    }
  }

  /** End it. */
  close(why: Error = new LineLost("closed")): void {
    this.#over.abort(why);
    void this.#line.then(
      (line) => line.close(),
      () => {},
    );
  }

  /** A worker that is frozen, or cut off without a word, is noticed by its silence. */
  async #answer(line: Line, name: string, params: JsonObject, waitMs: number): Promise<unknown> {
    const { clock } = this.#options;
    const done = new AbortController();
    const patienceMs = waitMs + Math.max(1_000, missedBeats * (this.#welcome?.beatEveryMs ?? 10_000));
    const silence = clock.sleep(patienceMs, done.signal).then(
      () => line.close(),
      () => {},
    );
    try {
      return await line.call(name, params);
    } finally {
      done.abort();
      await silence;
    }
  }

  async #connect(): Promise<Line> {
    const { clock } = this.#options;
    const { signal } = this.#over;
    const since = clock.elapsed();
    let isHopeful = true;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      try {
        const line = await this.#open();
        line.over.addEventListener("abort", () => this.#again(), { once: true });
        return line;
      } catch (error) {
        signal.throwIfAborted();
        if (isHopeful) this.#options.missed();
        isHopeful = false;
        const hopeMs = this.#welcome?.serviceLossMs ?? firstHopeMs;
        if (!mayPass(error)) throw this.#giveUp(error as Error);
        if (clock.elapsed() - since > hopeMs) throw this.#giveUp(lossOf(error, hopeMs));
      }
      await clock.sleep(pauseMs, signal);
    }
  }

  #giveUp(error: Error): Error {
    this.#over.abort(error);
    return error;
  }

  /** A worker that is frozen takes connections, and says nothing on them. */
  async #open(): Promise<Line> {
    const { clock, address } = this.#options;
    const [late, done] = [new AbortController(), new AbortController()];
    const limit = clock.sleep(greetMs, done.signal).then(
      () => late.abort(new LineLost("it does not answer")),
      () => {},
    );
    try {
      const line = await openLine(address, AbortSignal.any([this.#over.signal, late.signal]));
      late.signal.addEventListener("abort", () => line.close(), { once: true });
      await this.#greet(line);
      return line;
    } finally {
      done.abort();
      await limit;
    }
  }

  async #greet(line: Line): Promise<void> {
    const { hello, address, met } = this.#options;
    const token = address.kind === "socket" && address.token !== undefined ? { token: address.token } : {};
    try {
      const welcome = (await line.call(helperHello.name, { ...hello, ...token })) as HelperWelcome;
      this.#welcome = welcome;
      met(welcome);
    } catch (error) {
      line.close();
      throw error;
    }
  }

  #again(): void {
    if (this.#over.signal.aborted) return;
    this.#line = this.#connect();
    this.#line.catch(() => {});
  }
}

/** A token that another helper uses comes free, and a worker that is not there comes back. */
function mayPass(error: unknown): boolean {
  return error instanceof LineLost || (error instanceof RemoteError && error.code === "HELPER_TAKEN");
}

function lossOf(error: unknown, hopeMs: number): CliError {
  const message = `the worker is gone since ${hopeMs / 1_000} s: ${errorText(error)}`;
  return new CliError("WORKER_GONE", message, { cause: error });
}

/** Tasks of a welcome that this helper knows nothing of. */
export function unknownTasks({ held }: HelperWelcome, known: ReadonlySet<string>): HelperTask[] {
  return held.filter(({ task, fence }) => !known.has(`${task}.${fence}`));
}
