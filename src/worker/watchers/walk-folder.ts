import type { Dirent } from "node:fs";
import { opendir } from "node:fs/promises";
import { systemCode } from "#core";
import { FolderHandle } from "./folder-handle.ts";
import { type FileVersion, versionOf } from "./file-version.ts";

/** So many files are looked at together; then others have their turn. */
const batch = 64;
/** What stands for bytes that are no UTF-8. Such a name could be given to no command. */
const replacement = "\u{fffd}";

export interface WalkOptions {
  readonly folder: string;
  readonly depth: number;
  readonly wants: (name: string) => boolean;
  /** Whether files of this folder do not count, by device and inode: `DEV.INO`. */
  readonly isClosed: (id: string) => boolean;
  /** Given every wanted plain file; `file` is the path below the folder. */
  readonly visit: (file: string, version: FileVersion) => void;
  readonly signal: AbortSignal;
}

/** What a walk has come to know besides its files. */
export interface Walked {
  readonly dev: string;
  /** Device and inode of the folder, which another one in its place would not have: `DEV.INO`. */
  readonly id: string;
  /** Folders it was in, as paths below the watched one; that is "". */
  readonly folders: readonly string[];
  /** Folders it could not see whole; what is below them is unknown. */
  readonly unread: readonly { readonly folder: string; readonly error: unknown }[];
  /** Wanted names that are no plain files (links, pipes, sockets), or that are no text. */
  readonly skipped: number;
}

/**
 * Look at every file of a folder. No link is followed, no other file system is entered, and of however many names only a
 * handful is in memory at a time.
 *
 * @throws the system error when the folder itself cannot be read, and the reason of `signal`.
 */
export async function walkFolder(options: WalkOptions): Promise<Walked> {
  await using root = await FolderHandle.open(options.folder);
  const { dev, ino } = await root.stat();
  const walk = { dev: `${dev}`, id: `${dev}.${ino}`, folders: [""], unread: [], skipped: 0 };
  await walkInto(root, "", options, walk);
  return walk;
}

interface Walk {
  readonly dev: string;
  readonly id: string;
  readonly folders: string[];
  readonly unread: { readonly folder: string; readonly error: unknown }[];
  skipped: number;
}

async function walkInto(folder: FolderHandle, below: string, options: WalkOptions, walk: Walk): Promise<void> {
  const inner: string[] = [];
  let files: string[] = [];
  const canGoDown = below === "" ? options.depth > 0 : below.split("/").length < options.depth;
  for await (const entry of await opendir(folder.path, { bufferSize: 256 })) {
    options.signal.throwIfAborted();
    const kind = kindOf(entry);
    if (kind === "folder" && canGoDown && !entry.name.includes(replacement)) inner.push(entry.name);
    else if (kind !== "folder" && options.wants(entry.name)) files.push(entry.name);
    if (files.length < batch) continue;
    await lookAt(files, { folder, below, options, walk });
    files = [];
  }
  await lookAt(files, { folder, below, options, walk });
  for (const name of inner) await enter(folder, name, { below, options, walk });
}

/** Some file systems do not say what a name is. Such a one counts as a file until it is looked at. */
function kindOf(entry: Dirent): "folder" | "file" {
  return entry.isDirectory() ? "folder" : "file";
}

interface Place {
  readonly below: string;
  readonly options: WalkOptions;
  readonly walk: Walk;
}

async function enter(above: FolderHandle, name: string, { below, options, walk }: Place): Promise<void> {
  const path = pathOf(below, name);
  try {
    await using folder = await above.child(name);
    const { dev, ino } = await folder.stat();
    if (`${dev}` !== walk.dev || options.isClosed(`${dev}.${ino}`)) return;
    walk.folders.push(path);
    await walkInto(folder, path, options, walk);
  } catch (error) {
    options.signal.throwIfAborted();
    // Gone since it was listed, or a link by now: there is nothing in it.
    if (["ENOENT", "ELOOP", "ENOTDIR"].includes(systemCode(error) ?? "")) return;
    walk.unread.push({ folder: path, error });
  }
}

async function lookAt(names: readonly string[], { folder, below, options, walk }: Place & { folder: FolderHandle }) {
  await Promise.all(
    names.map(async (name) => {
      if (name.includes(replacement)) return void walk.skipped++;
      const found = await folder.look(name);
      if (!found) return;
      if (found.isFile()) options.visit(pathOf(below, name), versionOf(found));
      else if (!found.isDirectory()) walk.skipped++;
    }),
  );
}

function pathOf(below: string, name: string): string {
  return below === "" ? name : `${below}/${name}`;
}
