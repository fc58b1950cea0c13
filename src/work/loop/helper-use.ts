import { exceededUse, hasUseLimit, nextUseLookMs } from "../helper/limits.ts";
import type { UseLimits } from "../settings.ts";
import { ticksPerSecond } from "../unit/process-table.ts";
import { memoryOf, type ProcessUse } from "../unit/process-use.ts";
import type { UnitCause } from "../wire.ts";
import type { LocalCard } from "./local-card.ts";
import type { Census, CountedProcess, ProcessCensus } from "./process-census.ts";
import type { LocalType } from "./start-local.ts";

/** A look needs the whole process table, which is more than a unit's own tree: not so often as for that. */
const soonestLookMs = 20;
const failedLookMs = 250;
const nothing: ProcessUse = { processes: 0, memoryBytes: 0, cpuMs: 0 };

/** What a helper has now, and how many tasks it was given in all. */
export interface TasksOf {
  readonly has: number;
  readonly given: number;
}

/**
 * What the processes of a helper may use while it has a task (CAT-92). Farhand's own loop is not counted, what it starts is;
 * a loop of one's own does the work itself, and is. Whoever has several tasks at once may use so many times as much memory
 * and processes, and of processor time nobody can say for which task it was.
 */
export class HelperUse {
  readonly #card: LocalCard;
  readonly #type: LocalType;
  readonly #tasks: () => TasksOf;
  readonly #exceeded: (cause: UnitCause) => void;
  readonly #census: Pick<ProcessCensus, "look">;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Processor time before the task that it has. */
  #before = { given: 0, cpuMs: 0 };

  /** @param exceeded called once at most. @param census one for all helpers. */
  constructor(
    card: LocalCard,
    type: LocalType,
    tasks: () => TasksOf,
    exceeded: (cause: UnitCause) => void,
    census: Pick<ProcessCensus, "look">,
  ) {
    this.#card = card;
    this.#type = type;
    this.#tasks = tasks;
    this.#exceeded = exceeded;
    this.#census = census;
    if (hasUseLimit(type)) this.#lookIn(soonestLookMs, nothing);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number, last: ProcessUse): void {
    // On the same beat as all others that wait as long, so that one census serves them.
    const beatMs = soonestLookMs * 2 ** Math.floor(Math.log2(ms / soonestLookMs));
    const untilBeat = ms + beatMs - ((performance.now() + ms) % beatMs);
    this.#timer = setTimeout(() => void this.#look(ms, last), untilBeat).unref();
  }

  async #look(waitedMs: number, last: ProcessUse): Promise<void> {
    // What cannot be read now, as where too many files are open, is read another time.
    const census = await this.#census.look().catch(() => undefined);
    if (this.#isClosed) return;
    if (!census) return this.#lookIn(failedLookMs, last);
    const tasks = this.#tasks();
    const limits = limitsFor(this.#type, tasks.has);
    const use = this.#use(census, limits, tasks);
    const cause = tasks.has > 0 ? exceededUse(use, limits) : undefined;
    if (cause) return this.#exceeded(cause);
    this.#lookIn(Math.max(soonestLookMs, nextUseLookMs(use, last, limits, waitedMs)), use);
  }

  #use(census: Census, limits: UseLimits, { has, given }: TasksOf): ProcessUse {
    const { id, process } = this.#card;
    const isCounted = this.#type.local.program.kind === "loop";
    const started = census.startedBy(id, process.pid);
    const own = census.process(process.pid);
    const all = own && isCounted ? [...started, own] : started;
    // Of those it has waited for, only its own entry tells the time.
    const timed = own ? [...started, own] : started;
    const cpuMs = (timed.reduce((ticks, { cpuTicks }) => ticks + cpuTicks, 0) / ticksPerSecond) * 1_000;
    if (has === 0 || given !== this.#before.given) this.#before = { given, cpuMs };
    return {
      processes: all.length,
      memoryBytes: has === 0 ? 0 : memoryBytes(all, limits),
      cpuMs: cpuMs - this.#before.cpuMs,
    };
  }
}

/** Shares are looked at where without them it is too much: each process costs a look of its own then. */
function memoryBytes(processes: readonly CountedProcess[], { maxMemoryBytes }: UseLimits): number {
  const resident = processes.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
  if (maxMemoryBytes === undefined || resident <= maxMemoryBytes) return resident;
  const pids = processes.map(({ pid }) => pid);
  return memoryOf(pids, maxMemoryBytes);
}

function limitsFor({ maxProcesses, maxMemoryBytes, maxCpuMs }: UseLimits, tasks: number): UseLimits {
  const times = Math.max(1, tasks);
  return {
    ...(maxProcesses !== undefined && { maxProcesses: maxProcesses * times }),
    ...(maxMemoryBytes !== undefined && { maxMemoryBytes: maxMemoryBytes * times }),
    ...(maxCpuMs !== undefined && tasks <= 1 && { maxCpuMs }),
  };
}
