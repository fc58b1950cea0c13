import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { circlesOf, circleText, type FolderLine, moverOf, writtenLine } from "#fleet";
import type { WrittenWatcher } from "./watcher-settings.ts";

/** A file system that does not answer keeps the worker waiting no longer than this; milliseconds. */
const answerMs = 5_000;

/**
 * Watchers between which files would go round for ever, by what their folders really are now, and why. A configuration is
 * checked by its paths alone; links and mounts may make one folder of two.
 */
export async function goingRound(watchers: readonly WrittenWatcher[]): Promise<ReadonlyMap<string, string>> {
  const lines = await linesOf(pathsOf(watchers));
  const movers = watchers.map((watcher) => moverOf(watcher, (path) => lines.get(path) ?? writtenLine(path)));
  const found = new Map<string, string>();
  for (const circle of circlesOf(movers)) {
    const name = movers[circle.mover]?.name ?? "";
    found.set(name, `${circle.key}.moveTo: ${circleText(circle)}; links and mounts may lead there`);
  }
  return found;
}

function pathsOf(watchers: readonly WrittenWatcher[]): Set<string> {
  const targets = watchers.flatMap(({ onSuccess, onFailure }) =>
    [onSuccess, onFailure].flatMap((afterwards) => (typeof afterwards === "object" ? [afterwards.moveTo] : [])),
  );
  // Without a target nothing goes round: then no disk is asked.
  return new Set(targets.length === 0 ? [] : [...targets, ...watchers.map(({ folder }) => folder)]);
}

async function linesOf(paths: ReadonlySet<string>): Promise<Map<string, FolderLine>> {
  const lines = new Map<string, FolderLine>();
  let isLate: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => void (isLate = setTimeout(done, answerMs)));
  const all = [...paths].map(async (path) => void lines.set(path, await folderLine(path)));
  await Promise.race([Promise.all(all), late]);
  clearTimeout(isLate);
  return lines;
}

/** Device and inode of a folder and of all above it, so that it is the same by whatever way; of what is not there the names. */
async function folderLine(path: string): Promise<FolderLine> {
  const missing: string[] = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real === undefined && at !== "/") {
      missing.unshift(basename(at));
      continue;
    }
    const there = await Promise.all(writtenLine(real ?? "/").map(idOf));
    const below = missing.map((_, n) => join(there.at(-1) ?? "", ...missing.slice(0, n + 1)));
    return [...there, ...below];
  }
}

async function idOf(folder: string): Promise<string> {
  const found = await stat(folder, { bigint: true }).catch(() => undefined);
  return found ? `${found.dev}.${found.ino}` : folder;
}
