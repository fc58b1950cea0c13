import { rm } from "node:fs/promises";
import { type Clock, errorText, type Log } from "#core";
import type { AuditTrail } from "../audit/audit.ts";
import { timeOfRecording } from "./recording-id.ts";
import type { RecordingRules } from "./rules.ts";

/** A file of a recording that is there. */
export interface KeptRecording {
  readonly id: string;
  readonly path: string;
  readonly size: number;
  readonly isLive: boolean;
}

export interface RoomOptions {
  /** All there are, the newest first. */
  readonly kept: () => Promise<KeptRecording[]>;
  readonly rules: () => Pick<RecordingRules, "keepMs" | "maxBytes">;
  readonly clock: Pick<Clock, "now">;
  readonly audit: AuditTrail;
  readonly log: Pick<Log, "warn">;
}

/** While what goes on takes more room than there is, it is looked at again each time that this part of it was added. */
const partLookedAt = 64;

/** Keeps recordings within their age and their room; looks when they have grown past that, not only now and then. */
export class Room {
  readonly #options: RoomOptions;
  /** Audited as removed, and still there. */
  readonly #told = new Set<string>();
  /** Bytes that the last look left, and that came since. Before the first look nobody knows. */
  #left = Number.POSITIVE_INFINITY;
  #grown = 0;
  #sweeping: Promise<void> = Promise.resolve();
  #isSweeping = false;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** So many bytes were added to a recording that goes on. */
  grew(bytes: number): void {
    this.#grown += bytes;
    const { maxBytes } = this.#options.rules();
    const isLooked = this.#left > maxBytes && Number.isFinite(this.#left);
    const most = isLooked ? this.#left + maxBytes / partLookedAt : maxBytes;
    if (this.#isSweeping || this.#left + this.#grown <= most) return;
    const trouble = (error: unknown): void =>
      this.#options.log.warn("recordings take more room than they may", { error: errorText(error) });
    void this.sweep().catch(trouble);
  }

  /** Resolves when what is being removed is. */
  async settled(): Promise<void> {
    await this.#sweeping.catch(() => {});
  }

  /** Remove what is too old, and the oldest while there is too much. Those that go on stay. One after another. */
  sweep(): Promise<void> {
    const before = this.#sweeping;
    this.#isSweeping = true;
    const sweeping = before
      .catch(() => {})
      .then(() => this.#sweep())
      .finally(() => {
        if (this.#sweeping === sweeping) this.#isSweeping = false;
      });
    this.#sweeping = sweeping;
    return sweeping;
  }

  async #sweep(): Promise<void> {
    const { kept, rules, clock } = this.#options;
    this.#grown = 0;
    const all = await kept();
    const { keepMs, maxBytes } = rules();
    const oldest = clock.now() - keepMs;
    this.#left = sizeOf(all);
    let bytes = sizeOf(all.filter(({ isLive }) => isLive));
    for (const one of all.filter(({ isLive }) => !isLive)) {
      bytes += one.size;
      const isOver = bytes > maxBytes || timeOfRecording(one.id) < oldest;
      if (isOver && (await this.#removed(one))) this.#left -= one.size;
    }
  }

  /** First the word of it: nothing is gone that nobody was told of. Of what cannot be removed one word is enough. */
  async #removed({ id, path }: KeptRecording): Promise<boolean> {
    const { audit, log } = this.#options;
    const isNews = !this.#told.has(id);
    if (isNews) await audit.record("server", "recording.remove", id, { why: "retention" });
    this.#told.add(id);
    try {
      await rm(path, { force: true });
    } catch (error) {
      if (isNews) log.warn("a recording cannot be removed", { id, error: errorText(error) });
      return false;
    }
    this.#told.delete(id);
    return true;
  }
}

function sizeOf(some: readonly KeptRecording[]): number {
  return some.reduce((sum, { size }) => sum + size, 0);
}
