import { useLocation } from "@tanstack/react-router";
import { type Refusal, type Refused, refusalsIn, type StartedEach } from "./start-each.ts";
import { unitName } from "./unit-names.ts";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** What those said who refused: kept beside the address, where a link that somebody else made puts no words. */
    refusals?: readonly Refusal[];
  }
}

/** Where those are looked at that were started together: names and codes in the address, what was said beside it. */
export function placeOf({ started, refused }: StartedEach) {
  const named = refused.map(({ worker, code }): Refused => ({ worker, code }));
  return { search: { of: started.map(unitName), refused: named }, state: { refusals: refused } };
}

/** Those who refused, with what they said as long as this window remembers it. @param refused as the address names them. */
export function useRefusals(refused: readonly Refused[]): readonly Refusal[] {
  const kept = useLocation({ select: ({ state }) => state.refusals });
  const known = refusalsIn(kept);
  return refused.map((one) => known.find(({ worker, code }) => worker === one.worker && code === one.code) ?? one);
}
