import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

/**
 * Where released units go before they are deleted.
 *
 * Deleting a folder takes many steps, a rename takes one: a daemon that is killed in between leaves either a whole unit or
 * none, and the next one empties the trash.
 */
export class Trash {
  readonly #dir: string;
  #count = 0;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /** A place for something that is not finished; a daemon that dies meanwhile has it thrown away by the next. */
  draft(unitId: string): string {
    return join(this.#dir, `${unitId}.${process.pid}.${this.#count++}`);
  }

  /** The folder is gone from its place when this returns. @throws the system error of the rename. */
  take(folder: string, unitId: string): string {
    const place = this.draft(unitId);
    renameSync(folder, place);
    return place;
  }

  /** Delete one thing that was taken. */
  async delete(place: string): Promise<void> {
    await rm(place, { recursive: true, force: true, maxRetries: 3, retryDelay: 1_000 });
  }

  /** Delete what earlier daemons left. */
  async empty(): Promise<void> {
    for (const name of readdirSync(this.#dir)) await this.delete(join(this.#dir, name));
  }
}
