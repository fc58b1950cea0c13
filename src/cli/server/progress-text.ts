import type { ProgressLine } from "#monitor";
import { oneLine } from "../quantities.ts";

/** What the progress lines of a unit come to, one after another. */
export interface ProgressSeen {
  readonly done: number;
  /** Undefined while nothing has said it. */
  readonly total: number | undefined;
  readonly text: string;
}

/** Before there is any. */
export const nothingSeen: ProgressSeen = { done: 0, total: undefined, text: "" };

const barCells = 30;

/**
 * After one more line. A line that says no `done` and names a task is one task more, as ReCodEx counts them; what a line does
 * not say stays.
 */
export function seenAfter(
  seen: ProgressSeen,
  { command, done, total, text, task_id, task_state }: ProgressLine,
): ProgressSeen {
  const counted = command === "TASK" ? seen.done + 1 : seen.done;
  const told = text ?? (task_id === undefined ? undefined : [task_id, task_state ?? ""].join(" ").trim());
  return { done: done ?? counted, total: total ?? seen.total, text: told ?? seen.text };
}

/** `[#####-----]  50 %  5/10  compile COMPLETED`; without a total only the count. */
export function progressText({ done, total, text }: ProgressSeen, columns = 80): string {
  const words = [...(total === undefined ? [String(done)] : [bar(done, total), `${done}/${total}`]), oneLine(text)];
  return words.filter(Boolean).join("  ").slice(0, columns);
}

function bar(done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const full = Math.floor(share * barCells);
  return `[${"#".repeat(full)}${"-".repeat(barCells - full)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}
