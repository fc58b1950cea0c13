import { errorText } from "#core";
import type { FileJournal } from "./file-journal.ts";
import { putAway } from "./put-away.ts";
import type { WatcherSettings } from "./watcher-settings.ts";

/** Files whose unit has ended, on their way to where they are to be. */
export class EndedFiles {
  readonly #settings: WatcherSettings;
  readonly #journal: FileJournal;

  constructor(settings: WatcherSettings, journal: FileJournal) {
    this.#settings = settings;
    this.#journal = journal;
  }

  /** Put all of them away. @returns what keeps the first that cannot be, to be tried again. */
  async putAway(signal: AbortSignal): Promise<string | undefined> {
    let stuck: string | undefined;
    for (const file of [...this.#journal.ended]) {
      if (signal.aborted) break;
      try {
        await this.#putOneAway(file);
      } catch (error) {
        stuck ??= errorText(error);
      }
    }
    return stuck;
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
