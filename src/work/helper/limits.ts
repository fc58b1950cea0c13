import { outputSize } from "../unit/output.ts";
import type { ProcessLaunch } from "../unit/process-record.ts";
import { ticksPerSecond, uptimeSeconds } from "../unit/process-table.ts";
import type { UnitCause } from "../wire.ts";
import type { Minding } from "./wire.ts";

const outputCheckMs = 250;
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
    if (maxOutputBytes !== undefined) {
      this.#outputTimer = setInterval(() => this.#lookAtOutput(stdout, maxOutputBytes), outputCheckMs);
    }
  }

  #waitForRunTime(leftMs: number): void {
    const step = Math.max(0, Math.min(leftMs, longestTimerMs));
    this.#runTimer = setTimeout(() => {
      if (leftMs > step) this.#waitForRunTime(leftMs - step);
      else this.#exceeded("RUN_TIME_LIMIT");
    }, step);
  }

  #lookAtOutput(stdout: string, maxBytes: number): void {
    if (outputSize(stdout) <= maxBytes) return;
    clearInterval(this.#outputTimer);
    this.#exceeded("OUTPUT_LIMIT");
  }

  close(): void {
    clearTimeout(this.#runTimer);
    clearInterval(this.#outputTimer);
  }
}
