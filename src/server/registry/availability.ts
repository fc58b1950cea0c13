import type { WorkerEvent } from "../store/worker-events.ts";
import type { WorkerState } from "./worker.ts";

/** How a worker was in a window. */
export interface Availability {
  /** Milliseconds in each state. A worker that is late counts as there: it was not missed yet. */
  readonly spentMs: Readonly<Record<WorkerState, number>>;
  /** Part of the known time in which it was there, 0 to 1; null when nothing of the window is known. */
  readonly share: number | null;
}

/**
 * From its events: the one before `from`, and those until `to`, in order. What was before the first is not known and
 * counts for nothing.
 */
export function availabilityOf(
  events: readonly Pick<WorkerEvent, "at" | "state">[],
  from: number,
  to: number,
): Availability {
  const spentMs = { online: 0, late: 0, lost: 0, stopped: 0, removed: 0 };
  events.forEach(({ at, state }, n) => {
    const until = Math.min(events[n + 1]?.at ?? to, to);
    const since = Math.max(at, from);
    // Clocks of several servers may disagree by a little.
    if (until > since) spentMs[state as WorkerState] += until - since;
  });
  const known = Object.values(spentMs).reduce((sum, ms) => sum + ms, 0);
  return { spentMs, share: known > 0 ? (spentMs.online + spentMs.late) / known : null };
}
