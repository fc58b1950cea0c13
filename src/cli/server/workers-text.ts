import type { Colours } from "../colours.ts";
import { oneLine, readableAge, readableTime } from "../quantities.ts";
import { type Cell, tableLines } from "../table.ts";
import { labelsText } from "./labels.ts";
import { isStale, type SeenWorker } from "./seen-worker.ts";

interface Look {
  readonly colours: Colours;
  readonly columns: number | undefined;
}

const headings = ["NAME", "STATE", "SEEN", "MODE", "VERSION", "LEVEL", "LABELS"];

/**
 * `farhand workers` for people: a heading and a line for each worker.
 *
 * What may hold no longer is faint and has its age beside it, in words too where there are no colours (CAT-112).
 *
 * @param now milliseconds since 1970 by the server's clock.
 */
export function workersTable(workers: readonly SeenWorker[], now: number, { colours, columns }: Look): string[] {
  const rows = workers.map((worker): Cell[] => {
    const stale = isStale(worker, now);
    const mark = stale ? colours.faint : undefined;
    const ageMs = worker.seenAt === undefined ? undefined : now - worker.seenAt;
    const old = stale && ageMs !== undefined && ageMs >= 1_000 ? ` (${ageText(ageMs)} old)` : "";
    return [
      { text: oneLine(worker.name) },
      { text: stateText(worker, now), mark: stateMark(worker, stale, colours) },
      { text: ageMs === undefined ? "never" : ageText(ageMs), mark, alignRight: true },
      { text: oneLine(worker.mode) || "-", mark },
      { text: (oneLine(worker.version) || "-") + old, mark },
      { text: oneLine(worker.level) || "-" },
      { text: oneLine(labelsText(worker.labels)), mark },
    ];
  });
  const heading = headings.map((text) => ({ text, mark: colours.faint, alignRight: text === "SEEN" }));
  return tableLines([heading, ...rows], columns);
}

/** `online 3d`, `lost 5m`. A worker that was silent for long is not called online, whatever was last heard of it. */
function stateText(worker: SeenWorker, now: number): string {
  const state = oneLine(worker.state) || "unknown";
  const doubted = state === "online" && isStale(worker, now) ? "online?" : state;
  const aged = worker.since === undefined ? doubted : `${doubted} ${ageText(now - worker.since)}`;
  return worker.trouble === "" ? aged : `${aged}, trouble`;
}

function stateMark({ state, trouble }: SeenWorker, stale: boolean, colours: Colours): (text: string) => string {
  if (state === "lost" || state === "removed") return colours.bad;
  if (state === "late" || trouble !== "" || (state === "online" && stale)) return colours.busy;
  return state === "online" ? colours.good : colours.faint;
}

function ageText(ms: number): string {
  return readableAge(ms / 1_000);
}

/** `farhand workers show` for people: one fact a line. `worker` is the document as it came. */
export function workerLines(
  seen: SeenWorker,
  worker: Readonly<Record<string, unknown>>,
  now: number,
  { colours }: Look,
): string[] {
  const stale = isStale(seen, now);
  const old = (text: string): string => (stale && text !== "-" ? colours.faint(text) : text);
  const facts: (readonly [string, string | undefined])[] = [
    ["worker", colours.strong(oneLine(seen.name))],
    ["id", oneLine(seen.id)],
    ["state", stateMark(seen, stale, colours)(stateText(seen, now))],
    ["cause", oneLine(seen.cause)],
    ["trouble", seen.trouble === "" ? undefined : colours.busy(oneLine(seen.trouble))],
    ["seen", seen.seenAt === undefined ? "never" : `${timeText(seen.seenAt)} (${ageText(now - seen.seenAt)} ago)`],
    ["mode", old(oneLine(seen.mode) || "-")],
    ["version", old(oneLine(seen.version) || "-")],
    ["labels", oneLine(labelsText(seen.labels))],
    ["level", oneLine(seen.level)],
    ["offers", offersText(worker)],
    ["helpers", plain(worker["helperSlots"])],
    ...["node", "machineId", "epoch", "reach"].map((name) => [name, plain(worker[name])] as const),
    ...Object.entries(addressesIn(worker)).map(([name, value]) => [name, plain(value)] as const),
  ];
  return facts.flatMap(([name, value]) => (value ? [`${colours.faint(name.padEnd(10))} ${value}`] : []));
}

/** Names of work types, as far as they fit a line. */
function offersText({ capabilities }: Readonly<Record<string, unknown>>): string | undefined {
  if (!Array.isArray(capabilities)) return undefined;
  const names = capabilities.filter((name): name is string => typeof name === "string");
  const more = names.length > 20 ? ` and ${names.length - 20} more` : "";
  return names.length === 0 ? "nothing" : oneLine(names.slice(0, 20).join(", ")) + more;
}

function addressesIn({ addresses }: Readonly<Record<string, unknown>>): object {
  return typeof addresses === "object" && addresses !== null ? addresses : {};
}

function plain(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? oneLine(String(value)) : undefined;
}

function timeText(ms: number): string {
  return readableTime(new Date(ms).toISOString());
}
