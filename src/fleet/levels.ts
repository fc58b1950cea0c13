/** What somebody may do on a worker, each level including the ones before (spec CAT §3). */
export const levels = ["none", "monitor", "operate", "configure", "admin"] as const;

/** One of {@link levels}. */
export type Level = (typeof levels)[number];

/** Whether `held` includes `needed`. A level that is none, which only a mistake can bring here, is included in nothing. */
export function includesLevel(held: Level, needed: Level): boolean {
  const least = levels.indexOf(needed);
  return least >= 0 && levels.indexOf(held) >= least;
}

/** The lower of two levels: where two sides decide, both must agree (CAT-57). */
export function lowerLevel(a: Level, b: Level): Level {
  return includesLevel(a, b) ? b : a;
}

export function isLevel(value: unknown): value is Level {
  return levels.some((level) => level === value);
}
