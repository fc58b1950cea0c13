import type { Beat, WorkerView } from "#server/wire";
import type { SortKey, WorkersSearch } from "./workers-search.ts";

/** One line of the list. */
export interface WorkerRow {
  readonly worker: WorkerView;
  readonly beat: Beat | undefined;
}

/** When it was heard last: its heartbeat, or what the database knew. */
export const heardAt = ({ worker, beat }: WorkerRow): number | null => beat?.at ?? worker.seenAt;

/** Part of the memory in use, 0 to 100, by its bytes or as a worker of Quokka says it. */
export function memoryPercent(
  said: Pick<Beat, "memoryUsedBytes" | "memoryTotalBytes" | "memoryPercent"> | undefined,
): number | undefined {
  const { memoryUsedBytes, memoryTotalBytes } = said ?? {};
  if (memoryUsedBytes === undefined || !memoryTotalBytes) return said?.memoryPercent;
  return (100 * memoryUsedBytes) / memoryTotalBytes;
}

/** Where it is, and by which road it came, as far as the caller may know: the server sees `ws 192.0.2.7:4711`. */
export function placeOf({ addresses }: WorkerView): { readonly host?: string; readonly road?: string } {
  const { observed, configured, reported } = addresses ?? {};
  const [, road, seen] = /^([a-z]+) (.*)$/.exec(observed ?? "") ?? [undefined, undefined, observed ?? undefined];
  const host = configured ?? seen ?? reported ?? undefined;
  return { ...(host !== undefined && { host }), ...(road !== undefined && { road: roads[road] ?? road }) };
}

const roads: Readonly<Record<string, string>> = {
  ...{ ws: "WebSocket", tcp: "TCP", udp: "UDP", http: "HTTP", amqp: "RabbitMQ" },
};

/** Those that fit: each word stands in the name, the host or a label (`region=eu`), or is `state:…`. */
export function found(workers: readonly WorkerView[], { q = "", state }: WorkersSearch): readonly WorkerView[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && state === undefined) return workers;
  return workers.filter((worker) => {
    if (state !== undefined && worker.state !== state && !(state === "trouble" && worker.trouble !== undefined))
      return false;
    const { text } = keysOf(worker);
    return words.every((word) => text.includes(word));
  });
}

/** What a worker is found and sorted by. It is the same for as long as the worker is: of thousands it is made once. */
interface Keys {
  readonly text: string;
  /** Numbers within it sort as numbers. */
  readonly name: string;
}

const keys = new WeakMap<WorkerView, Keys>();

function keysOf(worker: WorkerView): Keys {
  const known = keys.get(worker);
  if (known) return known;
  const labels = Object.entries(worker.labels).map(([name, value]) => `${name}=${value}`);
  const text = [worker.name, worker.id, worker.mode, placeOf(worker).host ?? "", ...labels].join(" ").toLowerCase();
  const made = { text, name: worker.name.toLowerCase().replaceAll(/\d+/g, (digits) => digits.padStart(16, "0")) };
  keys.set(worker, made);
  return made;
}

/** What needs somebody first. */
const ranks: Readonly<Record<string, number>> = { lost: 0, late: 1, stopped: 3, online: 4 };
const rankOf = ({ state, trouble }: WorkerView): number =>
  state === "online" && trouble !== undefined ? 2 : (ranks[state] ?? 5);

type Value = (row: WorkerRow) => number | string | null | undefined;

const values: Readonly<Record<SortKey, Value>> = {
  state: ({ worker }) => rankOf(worker),
  name: ({ worker }) => keysOf(worker).name,
  host: ({ worker }) => placeOf(worker).host,
  mode: ({ worker }) => worker.mode,
  cpu: ({ beat }) => beat?.cpuPercent,
  memory: ({ beat }) => memoryPercent(beat),
  response: ({ beat }) => beat?.responseTimeMs,
  heard: (row) => heardAt(row),
};

/** By their names: what comes before any other order, for names decide between equals. */
export function byName(workers: readonly WorkerView[]): readonly WorkerView[] {
  return workers
    .map((worker) => ({ worker, key: keysOf(worker).name }))
    .sort((a, b) => ordered(a.key, b.key))
    .map(({ worker }) => worker);
}

/**
 * In the wanted order; those of which nothing is known come last, whichever way, and equals stay as they are.
 *
 * @param workers by name.
 */
export function sorted(
  workers: readonly WorkerView[],
  beats: ReadonlyMap<string, Beat>,
  { sort = "state", down = false }: WorkersSearch,
): readonly WorkerView[] {
  if (sort === "name") return down ? workers.toReversed() : workers;
  const value = values[sort];
  const known: { readonly worker: WorkerView; readonly key: number | string }[] = [];
  const unknown: WorkerView[] = [];
  for (const worker of workers) {
    const key = value({ worker, beat: beats.get(worker.id) }) ?? undefined;
    if (key === undefined) unknown.push(worker);
    else known.push({ worker, key });
  }
  const way = down ? -1 : 1;
  known.sort((a, b) => way * ordered(a.key, b.key));
  return [...known.map(({ worker }) => worker), ...unknown];
}

function ordered(a: number | string, b: number | string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
