import type { HopLine, PathLine, TraceLine, TraceSummaryLine } from "#tools/wire";

/** What is known of a path so far. */
export interface PathState {
  readonly path?: PathLine;
  /** By their number, from 1. */
  readonly hops: readonly HopLine[];
  readonly summary?: TraceSummaryLine;
}

export const noPath: PathState = { hops: [] };

/** The path with some more lines; a later line of a hop replaces the one before, and the summary says how long it is. */
export function takePath(state: PathState, lines: readonly object[]): PathState {
  let { path, summary } = state;
  const hops = new Map(state.hops.map((hop) => [hop.hop, hop]));
  for (const line of lines as readonly TraceLine[]) {
    if (line.type === "path") path = line;
    else if (line.type === "hop") hops.set(line.hop, line);
    else if (line.type === "summary") summary = line;
  }
  const length = summary?.hops ?? Number.POSITIVE_INFINITY;
  const shown = [...hops.values()].filter(({ hop }) => hop <= length).sort((a, b) => a.hop - b.hop);
  return { hops: shown, ...(path && { path }), ...(summary && { summary }) };
}
