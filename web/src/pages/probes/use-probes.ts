import { useEffect, useMemo, useState } from "react";
import { problemOf } from "../../api/problem.ts";
import { readUnit } from "../../api/units.ts";
import { followTool, ResultLines } from "../tools/result-lines.ts";
import { type UnitPlace, unitPlace } from "../tools/unit-names.ts";
import { noProbe, type ProbeState, takeProbe } from "./probe-state.ts";

const showEveryMs = 150;

/** A probe of one worker as it is now. */
export interface ProbeNow extends UnitPlace {
  readonly state: ProbeState;
  /** Why it will say nothing more. */
  readonly fault?: string;
  /** Why nothing comes in now. */
  readonly cut?: string | undefined;
}

/** Follow probes of several workers at once. @param names of their units; the same array as long as they are the same. */
export function useProbes(names: readonly string[]): readonly ProbeNow[] {
  const first = useMemo(() => names.map((name): ProbeNow => ({ ...unitPlace(name), state: noProbe })), [names]);
  const [shown, setShown] = useState(first);
  useEffect(() => {
    const over = new AbortController();
    const latest = [...first];
    setShown(first);
    const timer = setInterval(() => setShown([...latest]), showEveryMs);
    const following = first.map(async (probe, at) => {
      const change = (more: Partial<ProbeNow>) => (latest[at] = { ...probe, ...latest[at], ...more });
      const fault = await follow(probe, change, over.signal);
      change({ cut: undefined, ...(fault !== undefined && { fault }) });
    });
    // Whatever stands in the way of one is told with it; what is thrown here is that nobody looks any more.
    void Promise.allSettled(following).then(() => {
      clearInterval(timer);
      if (!over.signal.aborted) setShown([...latest]);
    });
    return () => {
      over.abort();
      clearInterval(timer);
    };
  }, [first]);
  return shown;
}

/** @returns why it said nothing at its end; undefined: it did. @throws the reason of `signal`. */
async function follow(
  { worker, unit }: UnitPlace,
  change: (more: Partial<ProbeNow>) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const lines = new ResultLines();
  let state = noProbe;
  const bytes = (chunk: Uint8Array) => change({ state: (state = takeProbe(state, lines.push(chunk))) });
  try {
    await followTool(worker, unit, { bytes, cut: (cut) => change({ cut }) }, signal);
    return state.summary ? undefined : detailText((await readUnit(worker, unit, signal)).detail);
  } catch (error) {
    signal.throwIfAborted();
    return problemOf(error).detail;
  }
}

/** `exit status 12: TARGET_REFUSED: …` without the codes. */
const detailText = (detail: string): string => detail.replace(/^exit status \d+(: [A-Z_]+)?: /, "");
