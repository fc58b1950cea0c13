import type { Level, WorkerView } from "#server/wire";
import { probeKinds, type ToolName } from "#tools/wire";

const levels: readonly Level[] = ["none", "monitor", "operate", "configure", "admin"];

/** Whether a level includes another. The server decides; this only says beforehand what it would say. */
export const includes = (held: Level, needed: Level): boolean => levels.indexOf(held) >= levels.indexOf(needed);

/** Why somebody cannot run anything there now; undefined: they can. */
export function whyNotRun({ level, state }: Pick<WorkerView, "level" | "state">): string | undefined {
  if (!includes(level, "operate")) return `your role may ${level} it; an admin can give you more`;
  if (state === "lost" || state === "stopped") return `it is ${state}: nothing reaches it now`;
  return undefined;
}

/** The same for a shell on it. */
export function whyNotShell(worker: Pick<WorkerView, "level" | "state">): string | undefined {
  return includes(worker.level, "admin")
    ? whyNotRun(worker)
    : `your role may ${worker.level} it, and a shell is for its admins`;
}

const notOpened = "its configuration does not open it";

/** The same for one of the tools, or for any of the probes. Lists of workers do not tell what each offers: there its dialog says it. */
export function whyNotTool(
  worker: Pick<WorkerView, "level" | "state" | "capabilities">,
  tool: ToolName | "probe",
): string | undefined {
  const names: readonly ToolName[] = tool === "probe" ? probeKinds : [tool];
  const isOpened = worker.capabilities === undefined || names.some((name) => worker.capabilities?.includes(name));
  return whyNotRun(worker) ?? (isOpened ? undefined : notOpened);
}
