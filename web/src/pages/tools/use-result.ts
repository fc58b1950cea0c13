import { useEffect, useState } from "react";
import { followTool, ResultLines } from "./result-lines.ts";

const showEveryMs = 150;

/** What a tool has told so far. */
export interface Result<State> {
  readonly state: State;
  readonly cut?: string | undefined;
  readonly error?: unknown;
  readonly isOver: boolean;
}

/**
 * The lines of a tool's unit gathered into one state, shown a few times a second.
 *
 * @param take the state with some more lines; another function begins anew, so it stands outside of components.
 */
export function useResult<State>(
  worker: string,
  unit: string,
  empty: State,
  take: (state: State, lines: readonly object[]) => State,
): Result<State> {
  const [result, setResult] = useState<Result<State>>({ state: empty, isOver: false });
  useEffect(() => {
    const over = new AbortController();
    const lines = new ResultLines();
    let latest: Result<State> = { state: empty, isOver: false };
    let isShown = false;
    const show = () => {
      if (!isShown) setResult(latest);
      isShown = true;
    };
    const change = (more: Partial<Result<State>>) => {
      latest = { ...latest, ...more };
      isShown = false;
    };
    const timer = setInterval(show, showEveryMs);
    const bytes = (chunk: Uint8Array) => change({ state: take(latest.state, lines.push(chunk)) });
    followTool(worker, unit, { bytes, cut: (cut) => change({ cut }) }, over.signal).then(
      () => change({ isOver: true }),
      (error: unknown) => {
        if (!over.signal.aborted) change({ error, isOver: true });
      },
    );
    return () => {
      over.abort();
      clearInterval(timer);
    };
  }, [worker, unit, empty, take]);
  return result;
}
