/** When something is shown again, and when it is over, milliseconds. */
export interface Timeline {
  /** Of each event, in their order; they only grow. */
  readonly times: readonly number[];
  readonly lengthMs: number;
}

/**
 * The times at which events are shown, with longer pauses shortened.
 *
 * @param at of each event as it was. @param endMs when all was over. @param maxPauseMs undefined: they stay as they were.
 */
export function timelineOf(at: readonly number[], endMs: number, maxPauseMs?: number): Timeline {
  const longest = maxPauseMs ?? Number.POSITIVE_INFINITY;
  let [before, shown] = [0, 0];
  const next = (time: number): number => {
    shown += Math.min(Math.max(0, time - before), longest);
    before = Math.max(before, time);
    return shown;
  };
  const times = at.map(next);
  return { times, lengthMs: next(endMs) };
}

/** How many events there are up to a moment, that one included. */
export function eventsUntil({ times }: Timeline, atMs: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `3:07`, and `1:02:45` of what is longer. */
export function clockText(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  const two = (number: number): string => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
