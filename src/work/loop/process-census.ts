import { readdirSync, readFileSync } from "node:fs";
import { setImmediate as othersTurn } from "node:timers/promises";
import { type Clock, systemClock } from "#core";
import { decodeStat, type ProcessEntry } from "../unit/process-table.ts";
import { residentIn, ticksIn } from "../unit/process-use.ts";
import { markOf } from "./helper-tree.ts";

/** Nobody else waits longer than this for their turn; milliseconds. */
const sliceMs = 2;
/** After a census there is none for so many times what it took: 3 % of a processor for all helpers together. */
const restPerCensus = 32;
/** Whatever looks cost, what grows fast must be found before it has taken the whole machine; milliseconds. */
const mostRestMs = 100;
/** A process so young may still become another program, with another mark; milliseconds. */
const youngMs = 2_000;

/** Whose mark a process had when it was looked at last, by its pid, and since when it is known. */
type Marks = Map<number, { readonly startTicks: number; readonly helper: string | undefined; readonly since: number }>;

/** A process as the census found it. */
export interface CountedProcess extends ProcessEntry {
  /** Id of the helper whose mark it has. */
  readonly helper: string | undefined;
  /** Processor time so far, with that of its children that are gone; clock ticks. */
  readonly cpuTicks: number;
  /** What it has in memory, shared or not. */
  readonly residentBytes: number;
}

/** All processes of the machine at one moment, or nearly. */
export class Census {
  readonly #byPid: ReadonlyMap<number, CountedProcess>;
  readonly #children = new Map<number, CountedProcess[]>();
  readonly #marked = new Map<string, CountedProcess[]>();

  constructor(processes: readonly CountedProcess[]) {
    this.#byPid = new Map(processes.map((entry) => [entry.pid, entry]));
    for (const entry of processes) {
      add(this.#children, entry.parent, entry);
      if (entry.helper !== undefined) add(this.#marked, entry.helper, entry);
    }
  }

  process(pid: number): CountedProcess | undefined {
    return this.#byPid.get(pid);
  }

  /** What a helper has started, and what that has started, wherever it hangs now; the helper itself left out. */
  startedBy(helper: string, root: number): CountedProcess[] {
    const found = new Map<number, CountedProcess>();
    const open = [...(this.#marked.get(helper) ?? []), ...(this.#children.get(root) ?? [])];
    for (const entry of open) {
      if (found.has(entry.pid)) continue;
      found.set(entry.pid, entry);
      open.push(...(this.#children.get(entry.pid) ?? []));
    }
    found.delete(root);
    return [...found.values()];
  }
}

function add<Key>(lists: Map<Key, CountedProcess[]>, key: Key, entry: CountedProcess): void {
  const list = lists.get(key);
  if (list) list.push(entry);
  else lists.set(key, [entry]);
}

/**
 * Looks at all processes of the machine for all helpers at once: however many want to know, /proc is read by one, in slices
 * between which others have their turn, and not sooner than a rest after the last time.
 */
export class ProcessCensus {
  readonly #clock: Clock;
  /** Marks of processes that will have no others; by pid. */
  #marks: Marks = new Map();
  #next: Promise<Census> | undefined;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The next one: whoever asks meanwhile gets the same. */
  look(): Promise<Census> {
    this.#next ??= this.#take();
    return this.#next;
  }

  async #take(): Promise<Census> {
    const restMs = this.#notBefore - this.#clock.elapsed();
    // Never at once, so that all who ask in the same turn are served by it.
    await (restMs > 0 ? this.#clock.sleep(restMs) : othersTurn());
    // Who asks from now on wants to know what is yet to come.
    this.#next = undefined;
    const begun = { at: this.#clock.elapsed(), busyMs: 0 };
    const found: CountedProcess[] = [];
    const marks: Marks = new Map();
    for (const name of readdirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      const entry = this.#read(Number(name), marks);
      if (entry) found.push(entry);
      const slice = this.#clock.elapsed() - begun.at;
      if (slice < sliceMs) continue;
      begun.busyMs += slice;
      await othersTurn();
      begun.at = this.#clock.elapsed();
    }
    this.#marks = marks;
    const now = this.#clock.elapsed();
    this.#notBefore = now + Math.min(mostRestMs, restPerCensus * (begun.busyMs + now - begun.at));
    return new Census(found);
  }

  /** Undefined for one that is gone, or has ended. */
  #read(pid: number, marks: Marks): CountedProcess | undefined {
    let stat: string;
    try {
      stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    } catch {
      return undefined;
    }
    const entry = decodeStat(stat);
    if (!entry || entry.zombie) return undefined;
    return { ...entry, helper: this.#helperOf(entry, marks), cpuTicks: ticksIn(stat), residentBytes: residentIn(stat) };
  }

  #helperOf({ pid, startTicks }: ProcessEntry, marks: Marks): string | undefined {
    const now = this.#clock.elapsed();
    const known = this.#marks.get(pid);
    const isSame = known?.startTicks === startTicks;
    const since = isSame ? known.since : now;
    const helper = isSame && now - since > youngMs ? known.helper : markOf(pid);
    marks.set(pid, { startTicks, helper, since });
    return helper;
  }
}
