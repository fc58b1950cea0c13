import { errorText } from "#core";
import type { FileJournal } from "./file-journal.ts";
import { putAway } from "./put-away.ts";
import type { WatcherSettings } from "./watcher-settings.ts";

/** A file that cannot be put away is tried again after so long, twice as long each time; milliseconds. */
const firstPauseMs = 1_000;
const longestPauseMs = 5 * 60_000;

/** A file that could not be put away. */
interface Stuck {
  readonly why: string;
  /** When it is tried again, by a clock that nobody sets. */
  readonly at: number;
  readonly pauseMs: number;
}

/** Files whose unit has ended, on their way to where they are to be. */
export class EndedFiles {
  readonly #settings: WatcherSettings;
  readonly #journal: FileJournal;
  readonly #stuck = new Map<string, Stuck>();

  constructor(settings: WatcherSettings, journal: FileJournal) {
    this.#settings = settings;
    this.#journal = journal;
  }

  /** What keeps the first of those that could not be put away, and how many more there are; undefined: there is none. */
  get trouble(): string | undefined {
    const [first] = this.#stuck.values();
    return first && (this.#stuck.size > 1 ? `${first.why}, and ${this.#stuck.size - 1} more` : first.why);
  }

  /** Put all of them away whose turn it is. @param now by a clock that nobody sets. */
  async putAway(now: number, signal: AbortSignal): Promise<void> {
    const { ended } = this.#journal;
    for (const file of this.#stuck.keys()) if (!ended.has(file)) this.#stuck.delete(file);
    for (const file of [...ended]) {
      if (signal.aborted) return;
      const before = this.#stuck.get(file);
      if (before && before.at > now) continue;
      try {
        await this.#putOneAway(file);
        this.#stuck.delete(file);
      } catch (error) {
        const pauseMs = before ? Math.min(longestPauseMs, 2 * before.pauseMs) : firstPauseMs;
        this.#stuck.set(file, { why: errorText(error), at: now + pauseMs, pauseMs });
      }
    }
  }

  /** In how many milliseconds the next one has its turn; undefined: none is stuck. */
  nextInMs(now: number): number | undefined {
    if (this.#stuck.size === 0) return undefined;
    let next = longestPauseMs;
    for (const { at } of this.#stuck.values()) next = Math.min(next, at - now);
    return Math.max(0, next);
  }

  /** Somebody may have put it right: each has its turn now, and short pauses again. */
  tryAgain(): void {
    for (const [file, { why }] of this.#stuck) this.#stuck.set(file, { why, at: 0, pauseMs: firstPauseMs / 2 });
  }

  async #putOneAway(file: string): Promise<void> {
    const { folder, marker, onSuccess, onFailure } = this.#settings;
    const record = this.#journal.records.get(file);
    if (!record) return;
    const afterwards = record.state === "succeeded" ? onSuccess : onFailure;
    const isGone = await putAway({ folder, file, version: record, unit: record.unit, marker }, afterwards);
    this.#journal.note(file, isGone ? undefined : { ...record, state: "left" });
  }
}
