import type { UnitDetails } from "#server/wire";
import { problemIn, problemOf, unreachable } from "./problem.ts";
import { send } from "./request.ts";
import { outputRoute, readUnit } from "./units.ts";

const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** A line that is open and dead looks as a command does that says nothing. After so long it is asked again, from the byte reached. */
const silentMs = 60_000;

/** What becomes of following an output. */
export interface OutputEvents {
  /** Bytes that stand at `from` of the output. It is waited for: whoever shows them sets the pace. */
  bytes(chunk: Uint8Array, from: number): Promise<void> | void;
  /** The line to the server broke, and is tried again; undefined: it stands again. */
  cut(why: string | undefined): void;
}

/**
 * A unit's output from byte `from` until the unit ends. After a cut, or a long silence, it goes on at the byte it had come to.
 *
 * @param patienceMs how long a silence may be.
 * @throws {ProblemError} what lets nobody read it. @throws the reason of `signal`.
 */
export async function followOutput(
  worker: string,
  unit: string,
  from: number,
  { bytes, cut }: OutputEvents,
  signal: AbortSignal,
  patienceMs = silentMs,
): Promise<number> {
  let at = from;
  /** @returns false after a silence. */
  const readOnce = async (progress: () => void): Promise<boolean> => {
    const line = new QuietLine(signal, patienceMs);
    const answer = await line.hear(send("GET", outputRoute(worker, unit, at), { signal: line.signal }));
    // Who does not even answer is away.
    if (!answer) throw unreachable();
    if (!answer.ok) throw problemIn(await answer.json(), answer.status, answer.statusText);
    cut(undefined);
    const reader = answer.body?.getReader();
    for (;;) {
      const next = reader && (await line.hear(reader.read()));
      if (next === undefined || next.done) return next !== undefined || !reader;
      progress();
      const begin = at;
      // Before they are shown: what was handed on is never asked for again, whatever becomes of showing it.
      at += next.value.length;
      await bytes(next.value, begin);
    }
  };
  const readAll = async (progress: () => void): Promise<number> => {
    while (!(await readOnce(progress)));
    return at;
  };
  return await throughCuts(readAll, cut, signal);
}

/** One request, given up when nothing is heard of it for too long. */
class QuietLine {
  readonly signal: AbortSignal;
  readonly #quiet = new AbortController();
  readonly #patienceMs: number;

  constructor(signal: AbortSignal, patienceMs: number) {
    this.signal = AbortSignal.any([signal, this.#quiet.signal]);
    this.#patienceMs = patienceMs;
  }

  /** Wait for the next word. @returns undefined when there was none for too long. @throws what the wait throws. */
  async hear<T>(word: Promise<T>): Promise<T | undefined> {
    const timer = setTimeout(() => this.#quiet.abort(), this.#patienceMs);
    try {
      return await word;
    } catch (error) {
      if (this.#quiet.signal.aborted) return undefined;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A unit as its worker tells it, asked until it answers: the line may break just when its output has ended. */
export async function readUnitThroughCuts(
  worker: string,
  unit: string,
  cut: OutputEvents["cut"],
  signal: AbortSignal,
): Promise<UnitDetails> {
  const details = await throughCuts(() => readUnit(worker, unit, signal), cut, signal);
  cut(undefined);
  return details;
}

/** Try until it is done. Between two tries there is a pause, longer each time until the try says that it came further. */
async function throughCuts<T>(
  attempt: (progress: () => void) => Promise<T>,
  cut: OutputEvents["cut"],
  signal: AbortSignal,
): Promise<T> {
  let pauseMs = firstPauseMs;
  const progress = () => void (pauseMs = firstPauseMs);
  for (;;) {
    try {
      return await attempt(progress);
    } catch (error) {
      signal.throwIfAborted();
      const { status, detail } = problemOf(error);
      if (status >= 400 && status < 500) throw error;
      cut(detail);
    }
    await pause(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
  }
}

/** Resolves after `ms`. @throws the reason of `signal`. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
