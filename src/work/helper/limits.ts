import type { UseLimits } from "../settings.ts";
import { outputSize } from "../unit/output.ts";
import type { ProcessLaunch } from "../unit/process-record.ts";
import { ticksPerSecond, uptimeSeconds } from "../unit/process-table.ts";
import { unitProcesses } from "../unit/process-tree.ts";
import { type ProcessUse, processUse } from "../unit/process-use.ts";
import type { UnitCause } from "../wire.ts";
import type { Minding } from "./wire.ts";

/** Shortest and longest wait between two looks at what is limited. */
const soonestLookMs = 2;
const latestLookMs = 250;
/** Node fires timers longer than this at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The unit whose limits are kept. */
export interface LimitedUnit {
  readonly id: string;
  readonly launch: ProcessLaunch;
  /** Path of its output. */
  readonly stdout: string;
}

const nothing: ProcessUse = { processes: 0, memoryBytes: 0, cpuMs: 0 };

/** The limits of one running unit. The run time counts from the command's start, also for a unit taken over. */
export class Limits {
  readonly #exceeded: (cause: UnitCause) => void;
  #runTimer: NodeJS.Timeout | undefined;
  #outputTimer: NodeJS.Timeout | undefined;
  #useTimer: NodeJS.Timeout | undefined;

  /** @param exceeded called once at most for each kind of limit. */
  constructor(unit: LimitedUnit, minding: Minding, exceeded: (cause: UnitCause) => void) {
    const { launch, stdout } = unit;
    this.#exceeded = exceeded;
    const { maxRunMs, maxOutputBytes } = minding;
    const ranMs = (uptimeSeconds() - launch.command.startTicks / ticksPerSecond) * 1000;
    if (maxRunMs !== undefined) this.#waitForRunTime(maxRunMs - ranMs);
    if (maxOutputBytes !== undefined) this.#watchOutput(stdout, maxOutputBytes, 0, soonestLookMs);
    if (hasUseLimit(minding)) this.#watchUse(unit, minding, nothing, soonestLookMs);
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

  #watchUse(unit: LimitedUnit, limits: UseLimits, last: ProcessUse, waitMs: number): void {
    this.#useTimer = setTimeout(() => {
      const { id, launch } = unit;
      const most = limits.maxMemoryBytes ?? Number.POSITIVE_INFINITY;
      const use = processUse(unitProcesses(id, launch), launch.reaper.pid, most);
      const cause = exceededUse(use, limits);
      if (cause) return this.#exceeded(cause);
      this.#watchUse(unit, limits, use, nextUseLookMs(use, last, limits, waitMs));
    }, waitMs);
  }

  close(): void {
    clearTimeout(this.#useTimer);
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

/** Whether there is anything to look at. */
export function hasUseLimit({ maxProcesses, maxMemoryBytes, maxCpuMs }: UseLimits): boolean {
  return [maxProcesses, maxMemoryBytes, maxCpuMs].some((limit) => limit !== undefined);
}

/** The limit that is exceeded, if one is. */
export function exceededUse(use: ProcessUse, limits: UseLimits): UnitCause | undefined {
  if (use.processes > (limits.maxProcesses ?? Number.POSITIVE_INFINITY)) return "PROCESS_LIMIT";
  if (use.memoryBytes > (limits.maxMemoryBytes ?? Number.POSITIVE_INFINITY)) return "MEMORY_LIMIT";
  return use.cpuMs > (limits.maxCpuMs ?? Number.POSITIVE_INFINITY) ? "CPU_LIMIT" : undefined;
}

/** The soonest of what processes and memory ask for. Processor time can grow no faster than the clock does. */
export function nextUseLookMs(use: ProcessUse, last: ProcessUse, limits: UseLimits, waitedMs: number): number {
  const { maxProcesses = Number.POSITIVE_INFINITY, maxMemoryBytes = Number.POSITIVE_INFINITY } = limits;
  return Math.min(
    nextLookMs(maxProcesses - use.processes, use.processes - last.processes, waitedMs),
    nextLookMs(maxMemoryBytes - use.memoryBytes, use.memoryBytes - last.memoryBytes, waitedMs),
  );
}
