/** Workers send a heartbeat this often. */
export const beatEveryMs = 15_000;
export const lostAfterMs = 3 * beatEveryMs;

/** About so far apart they come back: 33 a second. */
const apartMs = 30;
const longestSpreadMs = 30_000;

/** Within what time all workers register again when the server has restarted: few at once, many a few at a time (CAT-38). */
export function comeBackWithinMs(workers: number): number {
  return Math.min(longestSpreadMs, workers * apartMs);
}

/** A worker that is expected to be heard. */
export interface Attending {
  readonly epoch: number;
  readonly heardAt: number;
  /** Connected, as far as anybody knows. */
  readonly live: boolean;
  late: boolean;
}

/** Late after two missed heartbeats, lost after three (CAT-41). */
export function livenessOf(heardAt: number, now: number, everyMs = beatEveryMs): "online" | "late" | "lost" {
  const silentMs = now - heardAt;
  if (silentMs < 2 * everyMs) return "online";
  return silentMs < 3 * everyMs ? "late" : "lost";
}

/** A span for people: `31 s`. */
export function spoken(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
