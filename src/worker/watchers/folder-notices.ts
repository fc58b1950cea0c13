import { type FSWatcher, watch } from "node:fs";

/** Most folders that the system tells of; others are only looked at from time to time. */
const maxFolders = 256;

/** Hears from the system that something has changed in folders. It may miss things, and hears nothing of network mounts. */
export class FolderNotices {
  readonly #changed: () => void;
  readonly #open = new Map<string, FSWatcher>();

  /** @param changed is called at once, and may be called often. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Listen to these folders from now on, and to no others. @param id tells a folder from one that took its place. */
  follow(paths: readonly string[], id: string): void {
    const wanted = new Map(paths.slice(0, maxFolders).map((path) => [`${id}:${path}`, path]));
    for (const key of this.#open.keys()) if (!wanted.has(key)) this.#end(key);
    for (const [key, path] of wanted) if (!this.#open.has(key)) this.#begin(key, path);
  }

  close(): void {
    for (const key of this.#open.keys()) this.#end(key);
  }

  #begin(key: string, path: string): void {
    try {
      const watcher = watch(path, { persistent: false }, this.#changed);
      watcher.on("error", () => this.#end(key));
      this.#open.set(key, watcher);
    } catch {
      // No place for one more, or the folder is gone: looking from time to time is enough.
    }
  }

  #end(key: string): void {
    this.#open.get(key)?.close();
    this.#open.delete(key);
  }
}
