import { exceededUse, hasUseLimit, nextUseLookMs } from "../helper/limits.ts";
import type { UseLimits } from "../settings.ts";
import { descendants } from "../unit/process-tree.ts";
import { type ProcessUse, processUse } from "../unit/process-use.ts";
import { processEntry } from "../unit/process-table.ts";
import type { UnitCause } from "../wire.ts";
import { markedProcesses } from "./helper-tree.ts";
import type { LocalCard } from "./local-card.ts";
import type { LocalType } from "./start-local.ts";

/** Every look reads the process table, which is more than a unit's own tree: not so often as for that. */
const soonestLookMs = 20;
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
  #timer: NodeJS.Timeout | undefined;
  /** Processor time before the task that it has. */
  #before = { given: 0, cpuMs: 0 };

  /** @param exceeded called once at most. */
  constructor(card: LocalCard, type: LocalType, tasks: () => TasksOf, exceeded: (cause: UnitCause) => void) {
    this.#card = card;
    this.#type = type;
    this.#tasks = tasks;
    this.#exceeded = exceeded;
    if (hasUseLimit(type)) this.#lookIn(soonestLookMs, nothing);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number, last: ProcessUse): void {
    this.#timer = setTimeout(() => {
      const tasks = this.#tasks();
      const limits = limitsFor(this.#type, tasks.has);
      const use = this.#use(limits, tasks);
      const cause = tasks.has > 0 ? exceededUse(use, limits) : undefined;
      if (cause) return this.#exceeded(cause);
      this.#lookIn(Math.max(soonestLookMs, nextUseLookMs(use, last, limits, ms)), use);
    }, ms).unref();
  }

  #use({ maxMemoryBytes = Number.POSITIVE_INFINITY }: UseLimits, { has, given }: TasksOf): ProcessUse {
    const { id, process } = this.#card;
    const isCounted = this.#type.local.program.kind === "loop";
    const all = new Map([...descendants(process.pid), ...markedProcesses(id)].map((entry) => [entry.pid, entry]));
    const own = all.get(process.pid) ?? processEntry(process.pid);
    all.delete(process.pid);
    // Of those it has waited for, only its own entry tells the time.
    const use = processUse(
      [...all.values(), ...(isCounted && own ? [own] : [])],
      isCounted ? 0 : process.pid,
      maxMemoryBytes,
    );
    if (has === 0 || given !== this.#before.given) this.#before = { given, cpuMs: use.cpuMs };
    return { ...use, cpuMs: use.cpuMs - this.#before.cpuMs };
  }
}

function limitsFor({ maxProcesses, maxMemoryBytes, maxCpuMs }: UseLimits, tasks: number): UseLimits {
  const times = Math.max(1, tasks);
  return {
    ...(maxProcesses !== undefined && { maxProcesses: maxProcesses * times }),
    ...(maxMemoryBytes !== undefined && { maxMemoryBytes: maxMemoryBytes * times }),
    ...(maxCpuMs !== undefined && tasks <= 1 && { maxCpuMs }),
  };
}
