import { rename, unlink } from "node:fs/promises";
import { parse } from "node:path";
import { systemCode } from "#core";
import { WorkerError } from "../errors.ts";
import { FolderHandle, folderOf, reasonOf } from "./folder-handle.ts";
import { type FileVersion, isSameFile, versionOf } from "./file-version.ts";
import { ownPrefix } from "./name-pattern.ts";
import type { Afterwards } from "./watcher-settings.ts";

/** A file whose unit has ended. */
export interface EndedFile {
  readonly folder: string;
  /** Path below the folder. */
  readonly file: string;
  readonly version: FileVersion;
  readonly unit: string;
  readonly marker: string | undefined;
}

/**
 * Move or delete a file whose unit has ended. Doing it again after a cut ends what was begun. One that has changed since is
 * not that file any more: it stays for a unit of its own.
 *
 * @returns whether the file is gone from its folder.
 * @throws {WorkerError} FILE_STUCK: it is where it was; the next try may do better.
 */
export async function putAway(ended: EndedFile, afterwards: Afterwards): Promise<boolean> {
  if (afterwards === "leave") return false;
  try {
    return await (afterwards === "delete" ? deleteFile(ended) : moveFile(ended, afterwards.moveTo));
  } catch (error) {
    if (error instanceof WorkerError) throw error;
    const why = systemCode(error) === "EXDEV" ? "that folder is on another file system" : reasonOf(error);
    const what = afterwards === "delete" ? "deleted" : `moved to ${afterwards.moveTo}`;
    throw new WorkerError("FILE_STUCK", `${ended.file} cannot be ${what}: ${why}`, { cause: error });
  }
}

/**
 * Out of its name first, then looked at: what somebody puts in its place meanwhile is never deleted unseen. The marker goes
 * before the file, so that none is left behind by a cut: it would count for the next file of that name, which may be half
 * written then.
 */
async function deleteFile({ folder: root, file, version, unit, marker }: EndedFile): Promise<boolean> {
  const { folder, name } = await folderOf(root, file);
  await using held = folder;
  const aside = `${ownPrefix}${unit}`;
  const asideMarker = `${aside}.marker`;
  if (!(await held.look(aside))) {
    const state = await stateOf(held, name, version);
    if (state !== "same") return state === "gone";
    if (marker !== undefined) await renameIfFile(held, `${name}${marker}`, held, asideMarker);
    await rename(held.at(name), held.at(aside));
  }
  if ((await stateOf(held, aside, version)) !== "same") {
    if (marker !== undefined) await renameIfFile(held, asideMarker, held, `${name}${marker}`);
    return await putBack(held, aside, { to: held, name, unit });
  }
  if ((await held.look(asideMarker))?.isFile()) await unlink(held.at(asideMarker));
  await unlink(held.at(aside));
  await held.flush();
  return true;
}

/** The marker before the file, as in {@link deleteFile}. */
async function moveFile({ folder: root, file, version, unit, marker }: EndedFile, moveTo: string): Promise<boolean> {
  const { folder, name } = await folderOf(root, file);
  await using held = folder;
  const state = await stateOf(held, name, version);
  if (state !== "same") return state === "gone";
  await using target = await targetOf(moveTo, file);
  if ((await target.id()) === (await held.id())) throw new Error("that is the folder that it is taken from");
  return await underFreeName(target, name, unit, async (free) => {
    if (marker !== undefined) await renameIfFile(held, `${name}${marker}`, target, `${free}${marker}`);
    await rename(held.at(name), target.at(free));
    if ((await stateOf(target, free, version)) !== "same") {
      if (marker !== undefined) await renameIfFile(target, `${free}${marker}`, held, `${name}${marker}`);
      return await putBack(target, free, { to: held, name, unit });
    }
    await target.flush();
    await held.flush();
    return true;
  });
}

/** Folders between are made in the target as they are at the source. */
async function targetOf(moveTo: string, file: string): Promise<FolderHandle> {
  let target = await FolderHandle.open(moveTo);
  for (const step of file.split("/").slice(0, -1)) {
    await using above = target;
    target = await above.madeChild(step);
  }
  return target;
}

/** Names that files are being moved to, by folder: several watchers may move to one. */
const taken = new Set<string>();

/** Nothing that is there is written over, nor what another watcher moves there at the same time. */
async function underFreeName<Result>(
  target: FolderHandle,
  name: string,
  unit: string,
  move: (free: string) => Promise<Result>,
): Promise<Result> {
  const place = `${await target.id()}/${name}`;
  if (taken.has(place)) return await move(nameWith(unit, name));
  taken.add(place);
  try {
    return await move(await freeName(target, name, unit));
  } finally {
    taken.delete(place);
  }
}

async function freeName(target: FolderHandle, name: string, unit: string): Promise<string> {
  return (await target.look(name)) ? nameWith(unit, name) : name;
}

/** A second file of a name has the unit's id in it. */
function nameWith(unit: string, name: string): string {
  const { name: stem, ext } = parse(name);
  return `${stem}.${unit}${ext}`;
}

async function stateOf(folder: FolderHandle, name: string, version: FileVersion): Promise<"same" | "other" | "gone"> {
  const found = await folder.look(name);
  if (!found) {
    if (`${(await folder.stat()).dev}` === version.dev) return "gone";
    throw new Error("its folder shows another file system now");
  }
  return found.isFile() && isSameFile(versionOf(found), version) ? "same" : "other";
}

/** Somebody had put another file there in that very moment: it is theirs to come again, as a new one. */
async function putBack(
  from: FolderHandle,
  now: string,
  { to, name, unit }: { to: FolderHandle; name: string; unit: string },
): Promise<false> {
  await rename(from.at(now), to.at(await freeName(to, name, unit)));
  return false;
}

async function renameIfFile(from: FolderHandle, name: string, to: FolderHandle, other: string): Promise<void> {
  if ((await from.look(name))?.isFile()) await rename(from.at(name), to.at(other));
}
