import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "#core";
import type { Units } from "#work";
import { WorkerError } from "../errors.ts";
import { FolderHandle, folderOf, reasonOf } from "./folder-handle.ts";
import { type FileVersion, isSameFile, versionOf } from "./file-version.ts";
import type { FileRecord } from "./file-journal.ts";
import { paramsOf } from "./unit-words.ts";
import type { WatcherSettings } from "./watcher-settings.ts";

/** One unit of the room `work`. */
export type Unit = ReturnType<Units["get"]>;

const chunkBytes = 256 * 1024;

/** Why a file has no unit now, or why its unit is not to be started. */
export class FileFault extends WorkerError {
  /** `changed`: it is another file by now, or none; `unreadable`: it may be read another time. */
  readonly kind: "changed" | "unreadable";

  constructor(kind: FileFault["kind"], message: string, options?: ErrorOptions) {
    super("FILE_UNFIT", message, options);
    this.kind = kind;
  }
}

/**
 * The id of the unit of a file: who has the same file in the same state before them finds the same id. `again` tells a file
 * that was put away and came once more from the one it was.
 */
export function unitIdOf(watcher: string, file: string, { stamp }: FileVersion, again: number): string {
  return createHash("sha256").update([watcher, file, stamp, again].join("\0")).digest("hex").slice(0, 24);
}

/**
 * A file that is to be given, open and as it was seen.
 *
 * @throws {FileFault} when it is not, or cannot be read.
 */
export async function openSeen(root: string, file: string, version: FileVersion): Promise<FileHandle> {
  let opened: FileHandle | undefined;
  try {
    const { folder, name } = await folderOf(root, file);
    await using held = folder;
    opened = await held.file(name);
    await requireSame(opened, file, version);
    return opened;
  } catch (error) {
    await opened?.close();
    if (error instanceof FileFault) throw error;
    if (await isGone(root, version, error)) throw new FileFault("changed", `${file} is gone`, { cause: error });
    throw new FileFault("unreadable", `${file} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** Of a folder that is gone itself, or of a mount that is not there, nothing is known. */
async function isGone(root: string, { dev }: FileVersion, error: unknown): Promise<boolean> {
  if (!["ENOENT", "ELOOP", "ENOTDIR", "ENXIO"].includes(systemCode(error) ?? "")) return false;
  try {
    await using folder = await FolderHandle.open(root);
    return `${(await folder.stat()).dev}` === dev;
  } catch {
    return false;
  }
}

/** Make the unit of a file, with its params. @throws {WorkError} whatever refuses it; no unit remains then. */
export function makeUnit(
  units: Pick<Units, "allocateWatched">,
  settings: WatcherSettings,
  file: string,
  record: FileRecord,
) {
  const { name: watcher, folder, workType, params } = settings;
  const words = { path: join(folder, file), name: file.slice(file.lastIndexOf("/") + 1), file, watcher };
  return units.allocateWatched(record.unit, {
    workType,
    params: params === undefined ? {} : { params: paramsOf(params, words) },
    watch: { Watcher: watcher, Folder: folder, File: file, Version: record.stamp },
  });
}

/**
 * Copy a file to its unit as the payload. Looked at again behind the last byte: what was written meanwhile is half one file
 * and half another.
 *
 * @throws {FileFault} `changed`; {@link WorkError} STORAGE_FAILED; the reason of `signal`.
 */
export async function deliverFile(
  units: Pick<Units, "deliver">,
  unit: Unit,
  source: { readonly handle: FileHandle; readonly file: string; readonly version: FileVersion },
  signal: AbortSignal,
): Promise<void> {
  await units.deliver(unit, bytesOf(source.handle, source.file, signal));
  await requireSame(source.handle, source.file, source.version);
}

async function* bytesOf(handle: FileHandle, file: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (;;) {
    signal.throwIfAborted();
    // A buffer of its own each time: whoever writes the last one may not be done with it.
    const { bytesRead, buffer } = await handle
      .read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, null)
      .catch((error: unknown) => {
        throw new FileFault("unreadable", `${file} cannot be read: ${reasonOf(error)}`, { cause: error });
      });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function requireSame(handle: FileHandle, file: string, version: FileVersion): Promise<void> {
  const found = await handle.stat({ bigint: true });
  if (found.isFile() && isSameFile(versionOf(found), version)) return;
  throw new FileFault("changed", `${file} has changed`);
}
