import type { UnitDetails } from "#server/wire";
import { problemIn, problemOf } from "./problem.ts";
import { send } from "./request.ts";
import { outputRoute, readUnit } from "./units.ts";

const firstPauseMs = 500;
const longestPauseMs = 15_000;

/** What becomes of following an output. */
export interface OutputEvents {
  /** Bytes that stand at `from` of the output. It is waited for: whoever shows them sets the pace. */
  bytes(chunk: Uint8Array, from: number): Promise<void> | void;
  /** The line to the server broke, and is tried again; undefined: it stands again. */
  cut(why: string | undefined): void;
}

/**
 * A unit's output from byte `from` until the unit ends. After a cut it goes on at the byte it had come to.
 *
 * @throws {ProblemError} what lets nobody read it. @throws the reason of `signal`.
 */
export async function followOutput(
  worker: string,
  unit: string,
  from: number,
  { bytes, cut }: OutputEvents,
  signal: AbortSignal,
): Promise<number> {
  let at = from;
  const read = async (progress: () => void): Promise<number> => {
    const answer = await send("GET", outputRoute(worker, unit, at), { signal });
    if (!answer.ok) throw problemIn(await answer.json(), answer.status, answer.statusText);
    cut(undefined);
    const reader = answer.body?.getReader();
    for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
      progress();
      const begin = at;
      // Before they are shown: what was handed on is never asked for again, whatever becomes of showing it.
      at += next.value.length;
      await bytes(next.value, begin);
    }
    return at;
  };
  return await throughCuts(read, cut, signal);
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
