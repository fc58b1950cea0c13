import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "#core";

/** What is on the disk of one unit. */
export interface StoredOutput {
  readonly workerId: string;
  readonly unit: string;
  /** Of all its files. */
  readonly bytes: number;
  /** When something was written last, milliseconds since 1970. */
  readonly at: number;
}

/** Everything that a folder of outputs holds: in it a folder for each worker, in that one for each unit. */
export async function storedOutputs(folder: string): Promise<StoredOutput[]> {
  const found: StoredOutput[] = [];
  for (const workerId of await foldersIn(folder))
    for (const unit of await foldersIn(join(folder, workerId)))
      found.push({ workerId, unit, ...(await sizeAndAge(join(folder, workerId, unit))) });
  return found;
}

export interface OutputsRule {
  readonly keptMs: number;
  readonly mostBytes: number;
}

/** A tenth of the room is left for what comes. */
const filled = 0.9;

/** Which go now: what has been kept for long enough, and of the rest the oldest while there is too much of it. */
export function outputsToGo(
  outputs: readonly StoredOutput[],
  now: number,
  { keptMs, mostBytes }: OutputsRule,
): StoredOutput[] {
  const newestFirst = [...outputs].sort((a, b) => b.at - a.at);
  let bytes = 0;
  return newestFirst.filter((output) => {
    bytes += output.bytes;
    return now - output.at >= keptMs || bytes > filled * mostBytes;
  });
}

async function foldersIn(folder: string): Promise<string[]> {
  return (await entriesOf(folder)).filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function sizeAndAge(folder: string): Promise<Pick<StoredOutput, "bytes" | "at">> {
  let [bytes, at] = [0, 0];
  for (const { name } of await entriesOf(folder)) {
    const found = await stat(join(folder, name)).catch(ifGone);
    bytes += found?.size ?? 0;
    at = Math.max(at, found?.mtimeMs ?? 0);
  }
  return { bytes, at };
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  return (await readdir(folder, { withFileTypes: true }).catch(ifGone)) ?? [];
}

/** It may have been released while it is looked at. */
function ifGone(error: unknown): undefined {
  if (systemCode(error) !== "ENOENT") throw error;
}
