import { outputSize } from "../unit/output.ts";
import type { ProcessLaunch } from "../unit/process-record.ts";
import { ticksPerSecond, uptimeSeconds } from "../unit/process-table.ts";
import type { UnitCause } from "../wire.ts";
import type { Minding } from "./wire.ts";

/** Shortest and longest wait between two looks at an output that is limited. */
const soonestLookMs = 2;
const latestLookMs = 250;
/** Node fires timers longer than this at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The limits of one running unit. The run time counts from the command's start, also for a unit taken over. */
export class Limits {
  readonly #exceeded: (cause: UnitCause) => void;
  #runTimer: NodeJS.Timeout | undefined;
  #outputTimer: NodeJS.Timeout | undefined;

  /** @param exceeded called once at most for each limit. */
  constructor(launch: ProcessLaunch, stdout: string, minding: Minding, exceeded: (cause: UnitCause) => void) {
    this.#exceeded = exceeded;
    const { maxRunMs, maxOutputBytes } = minding;
    const ranMs = (uptimeSeconds() - launch.command.startTicks / ticksPerSecond) * 1000;
    if (maxRunMs !== undefined) this.#waitForRunTime(maxRunMs - ranMs);
    if (maxOutputBytes !== undefined) this.#watchOutput(stdout, maxOutputBytes, 0, soonestLookMs);
  }

  #waitForRunTime(leftMs: number): void {
    const step = Math.max(0, Math.min(leftMs, longestTimerMs));
    this.#runTimer = setTimeout(() => {
      if (leftMs > step) this.#waitForRunTime(leftMs - step);
      else this.#exceeded("RUN_TIME_LIMIT");
    }, step);
  }

  #watchOutput(stdout: string, maxBytes: number, lastBytes: number, waitMs: number): void {
    this.#outputTimer = setTimeout(() => {
      const bytes = outputSize(stdout);
      if (bytes > maxBytes) return this.#exceeded("OUTPUT_LIMIT");
      this.#watchOutput(stdout, maxBytes, bytes, nextLookMs(maxBytes - bytes, bytes - lastBytes, waitMs));
    }, waitMs);
  }

  close(): void {
    clearTimeout(this.#runTimer);
    clearTimeout(this.#outputTimer);
  }
}

/**
 * When to look at an output again: half-way to the limit at the pace it grows, and never more than twice as late as the
 * last time, because a command that was silent may begin to flood.
 */
export function nextLookMs(leftBytes: number, grownBytes: number, waitedMs: number): number {
  const untilFullMs = grownBytes > 0 ? (leftBytes / grownBytes) * waitedMs : Number.POSITIVE_INFINITY;
  return Math.max(soonestLookMs, Math.min(untilFullMs / 2, waitedMs * 2, latestLookMs));
}
