import { problemIn, problemOf } from "./problem.ts";
import { send } from "./request.ts";
import { outputRoute } from "./units.ts";

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
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      const answer = await send("GET", outputRoute(worker, unit, at), { signal });
      if (!answer.ok) throw problemIn(await answer.json(), answer.status, answer.statusText);
      cut(undefined);
      const reader = answer.body?.getReader();
      for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
        pauseMs = firstPauseMs;
        await bytes(read.value, at);
        at += read.value.length;
      }
      return at;
    } catch (error) {
      signal.throwIfAborted();
      const { status, detail } = problemOf(error);
      if (status >= 400 && status < 500) throw error;
      cut(detail);
    }
    await pause(pauseMs, signal);
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
