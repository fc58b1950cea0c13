import type { DrawnPathLine, DrawnSummaryLine, HopLine, PathLine, TraceLine, TraceSummaryLine } from "#tools/wire";

/** What is known of a path so far. */
export interface PathState {
  readonly path?: PathLine;
  /** By their number, from 1. */
  readonly hops: readonly HopLine[];
  readonly summary?: TraceSummaryLine;
  /** What a worker of Quokka has instead of hops. */
  readonly drawn?: DrawnSummaryLine;
  /** Its picture, as an address of the page's own. */
  readonly picture?: string;
}

export const noPath: PathState = { hops: [] };

/** The path with some more lines; a later line of a hop replaces the one before, and the summary says how long it is. */
export function takePath(state: PathState, lines: readonly object[]): PathState {
  let { path, summary, drawn, picture } = state;
  const hops = new Map(state.hops.map((hop) => [hop.hop, hop]));
  for (const line of lines as readonly (TraceLine | DrawnPathLine)[]) {
    if (line.type === "path") path = line;
    else if (line.type === "hop") hops.set(line.hop, line);
    else if (line.type === "picture") picture = pictureOf(line.base64);
    else if (line.type === "summary" && line.program === "quokka") drawn = line;
    else if (line.type === "summary") summary = line;
  }
  const length = summary?.hops ?? Number.POSITIVE_INFINITY;
  const shown = [...hops.values()].filter(({ hop }) => hop <= length).sort((a, b) => a.hop - b.hop);
  return {
    hops: shown,
    ...(path && { path }),
    ...(summary && { summary }),
    ...(drawn && { drawn }),
    ...(picture && { picture }),
  };
}

/** It comes from a stranger: it is a picture in base64, or nothing. */
function pictureOf(base64: unknown): string | undefined {
  const isGood = typeof base64 === "string" && /^[A-Za-z0-9+/]+={0,2}$/.test(base64);
  return isGood ? `data:image/png;base64,${base64}` : undefined;
}
