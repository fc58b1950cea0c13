import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open } from "node:fs/promises";
import { errorText, systemCode } from "#core";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * A folder that is held open. What is reached from it is below it, whatever others rename or link meanwhile: each step goes
 * from the open folder itself and follows no symbolic link.
 */
export class FolderHandle implements AsyncDisposable {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** A folder by the path the configuration gives, which may well lead over links. @throws the system error. */
  static async open(path: string): Promise<FolderHandle> {
    return new FolderHandle(await open(path, O_RDONLY | O_DIRECTORY));
  }

  /** A folder in this one. @throws the system error: ELOOP or ENOTDIR for a link. */
  async child(name: string): Promise<FolderHandle> {
    return new FolderHandle(await open(this.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  }

  /** The same, made when it is not there. */
  async madeChild(name: string): Promise<FolderHandle> {
    await mkdir(this.at(name), { mode: 0o750 }).catch((error: unknown) => {
      if (systemCode(error) !== "EEXIST") throw error;
    });
    return await this.child(name);
  }

  /** A file in it, to be read; a link is refused, and a pipe keeps nobody waiting. @throws the system error. */
  file(name: string): Promise<FileHandle> {
    return open(this.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  }

  /** What this name stands for, or undefined when it is nothing. @throws other system errors. */
  async look(name: string): Promise<BigIntStats | undefined> {
    try {
      return await lstat(this.at(name), { bigint: true });
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** The folder itself. */
  stat(): Promise<BigIntStats> {
    return this.#handle.stat({ bigint: true });
  }

  /** Device and inode, which no other folder has: `DEV.INO`. */
  async id(): Promise<string> {
    const { dev, ino } = await this.stat();
    return `${dev}.${ino}`;
  }

  /** A path that leads from the open folder, for this process only. */
  at(name: string): string {
    return `${this.path}/${name}`;
  }

  get path(): string {
    return `/proc/self/fd/${this.#handle.fd}`;
  }

  /** Names that were changed in it are on the disk then, where the file system can do that. */
  async flush(): Promise<void> {
    await this.#handle.sync().catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

/**
 * The folder that a file below another one lies in. @param file path below `root`.
 *
 * @throws the system error, also when one of the folders between is a link.
 */
export async function folderOf(root: string, file: string): Promise<{ folder: FolderHandle; name: string }> {
  const names = file.split("/");
  const name = names.pop() ?? "";
  let folder = await FolderHandle.open(root);
  for (const step of names) {
    await using above = folder;
    folder = await above.child(step);
  }
  return { folder, name };
}

/** Why the system refused, in its words, without the path: that is one through the open folder, and means nothing to people. */
export function reasonOf(error: unknown): string {
  const text = errorText(error);
  return systemCode(error) === undefined ? text : (text.split(", ")[0] ?? text);
}
