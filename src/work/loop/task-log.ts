import { appendFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Most bytes of log lines that are kept of one unit. */
const maxBytes = 1024 * 1024;

/** Keep what helpers log of a unit, in `runner.log` of its folder. What is too much is left out: the log says so once. */
export function logLines(unitDir: string, lines: readonly string[]): void {
  const path = join(unitDir, "runner.log");
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size >= maxBytes) return;
  const text = lines.map((line) => `${line}\n`).join("");
  const isFull = size + Buffer.byteLength(text) >= maxBytes;
  appendFileSync(path, isFull ? `${text.slice(0, maxBytes - size)}\n(more is not kept)\n` : text, { mode: 0o600 });
}
