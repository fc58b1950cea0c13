import { useEffect, useMemo, useState } from "react";
import { problemOf } from "../../api/problem.ts";
import { readUnit } from "../../api/units.ts";
import { followTool, ResultLines } from "../tools/result-lines.ts";
import { type UnitPlace, unitPlace } from "../tools/unit-names.ts";
import { Turns } from "./turns.ts";
import { noProbe, type ProbeState, takeProbe } from "./probe-state.ts";

const showEveryMs = 150;
/** A browser opens six connections to a server: others need some of them too. */
const mostAtOnce = 4;

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
    const turns = new Turns(mostAtOnce);
    const latest = [...first];
    setShown(first);
    const timer = setInterval(() => setShown([...latest]), showEveryMs);
    const following = first.map(async (probe, at) => {
      const change = (more: Partial<ProbeNow>) => (latest[at] = { ...probe, ...latest[at], ...more });
      const fault = await follow(probe, change, turns, over.signal);
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
  turns: Turns,
  signal: AbortSignal,
): Promise<string | undefined> {
  const lines = new ResultLines();
  let state = noProbe;
  const bytes = (chunk: Uint8Array) => change({ state: (state = takeProbe(state, lines.push(chunk))) });
  const end = await turns.take();
  // A line that broke takes no connection until it is tried again.
  const cut = (why: string | undefined) => {
    if (why !== undefined) end();
    change({ cut: why });
  };
  try {
    signal.throwIfAborted();
    await followTool(worker, unit, { bytes, cut }, signal);
    return state.summary ? undefined : detailText((await readUnit(worker, unit, signal)).detail);
  } catch (error) {
    signal.throwIfAborted();
    return problemOf(error).detail;
  } finally {
    end();
  }
}

/** `exit status 12: TARGET_REFUSED: …` without the codes. */
const detailText = (detail: string): string => detail.replace(/^exit status \d+(: [A-Z_]+)?: /, "");
