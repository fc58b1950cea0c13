import { readFileSync, rmSync } from "node:fs";
import { type Clock, errorText, type Log, systemCode } from "#core";
import { WorkerError } from "../errors.ts";
import { writeFileAtomic } from "./atomic-file.ts";

/** An edit that returns by itself unless it is confirmed (CAT-75). */
export interface Provisional {
  readonly version: number;
  /** The version that returns. */
  readonly back: number;
  /** User who must confirm. */
  readonly by: string;
  /** What the edit came over; the confirmation must come over another. */
  readonly connection: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Time to confirm. */
export const confirmWithinMs = 120_000;

/** Who confirms, and over what. */
export interface Confirmation {
  readonly name: string;
  readonly connection: string;
}

/**
 * The edit that waits to be confirmed, if there is one. It stands on disk, so that a restart in between changes nothing,
 * and its time is measured by a clock that cannot jump.
 */
export class ProvisionalEdit {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #edit: Provisional | undefined;
  #timer = new AbortController();

  constructor(path: string, clock: Clock, log: Log) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
    this.#edit = this.#read();
  }

  get edit(): Provisional | undefined {
    return this.#edit;
  }

  /** From now on it waits; before the version itself is written, for it must never stand without its way back. */
  begin(edit: Omit<Provisional, "until"> & Partial<Provisional>): Provisional {
    const dated = { until: this.#clock.now() + confirmWithinMs, ...edit };
    writeFileAtomic(this.#path, JSON.stringify(dated), 0o600);
    this.#edit = dated;
    return dated;
  }

  /** Call `ended` when the time is up; with a clock that was set back meanwhile, after the whole time once more at most. */
  watch(ended: () => void): void {
    this.#timer.abort();
    if (!this.#edit) return;
    this.#timer = new AbortController();
    const left = Math.min(Math.max(this.#edit.until - this.#clock.now(), 0), confirmWithinMs);
    this.#clock.sleep(left, this.#timer.signal).then(ended, () => {});
  }

  /** @throws {WorkerError} CONFIG_NOT_CONFIRMED. */
  confirm(version: number, { name, connection }: Confirmation): void {
    const edit = this.#edit;
    if (!edit || edit.version !== version) throw refused(`version ${version} does not wait to be confirmed`);
    if (edit.by !== name) throw refused(`version ${version} must be confirmed by ${edit.by}, who wrote it`);
    if (edit.connection === connection) throw refused("confirm over a new connection: that one can still be made");
    this.settle();
  }

  /** Nothing waits any more. */
  settle(): void {
    this.#timer.abort();
    rmSync(this.#path, { force: true });
    this.#edit = undefined;
  }

  close(): void {
    this.#timer.abort();
  }

  #read(): Provisional | undefined {
    try {
      const value: unknown = JSON.parse(readFileSync(this.#path, "utf8"));
      if (isProvisional(value)) return value;
      this.#log.warn(`${this.#path} holds no edit that waits, and is ignored`);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") this.#log.warn(`${this.#path} is ignored: ${errorText(error)}`);
    }
    return undefined;
  }
}

const refused = (why: string): WorkerError => new WorkerError("CONFIG_NOT_CONFIRMED", why);

function isProvisional(value: unknown): value is Provisional {
  if (typeof value !== "object" || value === null) return false;
  const { version, back, by, connection, until } = value as Record<string, unknown>;
  const numbers = [version, back, until].every((each) => Number.isSafeInteger(each));
  return numbers && typeof by === "string" && typeof connection === "string";
}
