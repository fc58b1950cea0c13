import { rm } from "node:fs/promises";
import { join } from "node:path";
import { OutputFolder, type OutputName } from "./output-folder.ts";
import { type StoredOutput, storedOutputs } from "./stored-outputs.ts";

/** Output of all units together, when nothing else is said. */
const usualBytes = 4 * 1024 * 1024 * 1024;

/** What names a unit. */
export interface UnitName {
  readonly workerId: string;
  readonly unit: string;
}

/** The outputs of all units, and how much room they take. */
export class OutputRoom {
  readonly most: number;
  readonly #folder: string;
  /** Of units that go on. */
  readonly #open = new Map<string, OutputFolder>();
  #bytes = 0;

  /** @param folder in it a folder for each worker, in that one for each unit. */
  constructor(folder: string, most = usualBytes) {
    this.#folder = folder;
    this.most = most;
  }

  /** Of outputs of all units. */
  get bytes(): number {
    return this.#bytes;
  }

  pathOf({ workerId, unit }: UnitName): string {
    return join(this.#folder, workerId, unit);
  }

  /** @param goesOn more is to be written; of a unit that has ended it is opened anew each time. */
  of(name: UnitName, goesOn: boolean): OutputFolder {
    const known = this.#open.get(keyOf(name));
    if (known) return known;
    const output = new OutputFolder(this.pathOf(name));
    if (goesOn) this.#open.set(keyOf(name), output);
    return output;
  }

  write(name: UnitName, file: OutputName, bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.of(name, true).add(file, bytes);
  }

  has(more: number): boolean {
    return this.#bytes + more <= this.most;
  }

  /** Nothing more is written. */
  close(name: UnitName): void {
    this.#open.delete(keyOf(name));
  }

  async remove(name: UnitName): Promise<void> {
    const output = this.of(name, false);
    this.#bytes -= output.bytes;
    await output.remove();
    this.close(name);
  }

  async removeWorker(workerId: string): Promise<void> {
    await rm(join(this.#folder, workerId), { recursive: true, force: true });
  }

  /** Everything there is on the disk. */
  all(): Promise<StoredOutput[]> {
    return storedOutputs(this.#folder);
  }

  /** Look how much there is. */
  async count(): Promise<void> {
    // Something of a unit that goes on may not be on the disk yet.
    const bytes = (await this.all()).map((one) => Math.max(one.bytes, this.#open.get(keyOf(one))?.bytes ?? 0));
    this.#bytes = bytes.reduce((sum, each) => sum + each, 0);
  }
}

export const keyOf = ({ workerId, unit }: UnitName): string => `${workerId} ${unit}`;
