import type { WorkerStatus } from "#fleet";
import { oneLine, readableDuration } from "./quantities.ts";

/** `farhand worker status` for people: what it is, how it is, and what to do next, a line each. */
export function workerLines(status: WorkerStatus): string[] {
  const {
    mode,
    user,
    pid,
    uptimeSeconds,
    settingsFile,
    nodeId,
    name,
    version,
    units,
    workTypes,
    watchers = [],
  } = status;
  const rows: (readonly [label: string, text: string | undefined])[] = [
    ["state", status.state],
    ["because", status.reason],
    ["next step", status.nextStep],
    ["mode", `${mode}, as ${user} (pid ${pid})`],
    ["version", version],
    ["node", name === undefined || name === nodeId ? nodeId : `${nodeId}, called ${name}`],
    ["settings", settingsFile],
    ["up", readableDuration(uptimeSeconds)],
    ["switches", switchesText(status.switches)],
    ...watchers.map((watcher) => ["watcher", watcherText(watcher)] as const),
    ["units", countsText(units)],
    ["work types", workTypes.length > 0 ? workTypes.join(", ") : "none"],
    ["password", status.passwordSet ? "set" : "not set"],
    ["waiting", status.pending.length > 0 ? `${status.pending.length} changed settings, see --pending` : undefined],
  ];
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return rows.flatMap(([label, text]) => (text === undefined ? [] : [`${label.padEnd(width)}${oneLine(text)}`]));
}

type Watchers = NonNullable<WorkerStatus["watchers"]>;

function watcherText({
  name,
  folder,
  state,
  reason,
  waiting,
  running,
  added,
  succeeded,
  failed,
}: Watchers[number]): string {
  const counts = [
    `${waiting} waiting`,
    `${running} running`,
    `${added} added`,
    `${succeeded} good`,
    `${failed} failed`,
  ];
  return `${name} (${folder}): ${state}, ${counts.join(", ")}${reason === undefined ? "" : `; ${reason}`}`;
}

/** Settings that were changed and are not in force yet (CAT-5), a line each. */
export function pendingLines({ pending }: WorkerStatus): string[] {
  const when = { drain: "when running units have ended", restart: "at the next restart" } as const;
  return pending.length > 0
    ? pending.map(({ key, takesEffect }) => `${oneLine(key)}: ${when[takesEffect]}`)
    : ["every setting is in force"];
}

/** `watchers on, monitors on, workers off`. */
export function switchesText(states: WorkerStatus["switches"]): string {
  return Object.entries(states)
    .map(([name, isOn]) => `${name} ${isOn ? "on" : "off"}`)
    .join(", ");
}

function countsText(units: WorkerStatus["units"]): string {
  const counts = Object.entries(units).map(([state, count]) => `${count} ${state.toLowerCase()}`);
  return counts.length > 0 ? counts.join(", ") : "none";
}
