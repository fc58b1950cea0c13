import { errorText, type Log } from "#core";
import { type Units, WorkError } from "#work";
import { UnitState } from "#work/wire";
import type { FileJournal, FileRecord } from "./file-journal.ts";
import type { FileVersion } from "./file-version.ts";
import { deliverFile, FileFault, makeUnit, openSeen, type Unit, unitIdOf } from "./give-file.ts";
import type { Troubles } from "./troubles.ts";
import type { WatcherSettings } from "./watcher-settings.ts";

export interface FileUnitsOptions {
  readonly settings: WatcherSettings;
  readonly units: Units;
  readonly journal: FileJournal;
  readonly mayAdd: () => boolean;
  readonly troubles: Troubles;
  /** Something has happened that the next round has to do with; the folder itself is to be looked at, or not. */
  readonly stir: (toLook: boolean) => void;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * The units of watched files, from the decision that a file is to have one to its end.
 *
 * That it is one and not two goes by the order in which things come to disk: first that the file is to have the unit of
 * this id, then the unit, then that it was made, and only then is it started. A worker that dies between two of these finds
 * out from journal and units how far it had come.
 */
export class FileUnits {
  readonly #options: FileUnitsOptions;
  readonly #counts = { added: 0, succeeded: 0, failed: 0 };
  /** Units that have not ended, by their files. */
  readonly #live = new Map<string, string>();
  /** Files whose unit is still to be made or started, and could not be yet. */
  readonly #begun = new Set<string>();
  /** Files that could not be read when they were to be given. */
  readonly #unreadable = new Map<string, string>();
  readonly #giving = new Set<Promise<void>>();
  readonly #unwatch: () => void;
  /** The disk did not take the last unit. */
  #isFull = false;

  constructor(options: FileUnitsOptions) {
    this.#options = options;
    this.#unwatch = options.units.watch((unit, isGone) => this.#heard(unit, isGone));
    if (!options.journal.isWhole) this.#learnFromUnits();
    this.#endStrays();
    for (const [file, record] of options.journal.records)
      if (record.state === "given" || record.state === "made") this.#takeUp(file, record);
  }

  get counts() {
    return { ...this.#counts, running: this.#live.size - this.#begun.size };
  }

  /** Files that were begun and wait to be gone on with. */
  get waiting(): number {
    return this.#begun.size;
  }

  /** Is this file being given, or has it a unit that has not ended? */
  isUnderWay(file: string): boolean {
    return this.#live.has(file);
  }

  /** How many files more may be given now. */
  get free(): number {
    // What waits for room on the disk goes first.
    return this.#isFull && this.#begun.size > 0 ? 0 : this.#options.settings.maxUnits - this.#live.size;
  }

  /** Give a file that has settled; what becomes of it is told by journal and troubles. */
  give(file: string, version: FileVersion): void {
    const record: FileRecord = { ...version, state: "given", unit: this.#freeId(file, version) };
    // From here on it takes a place, so that no more are begun than there are.
    this.#live.set(file, record.unit);
    this.#track(file, record, true);
  }

  /** Go on with what was begun, by this worker or the one before. */
  goOn(): void {
    for (const file of this.#begun) {
      const record = this.#recordUnderWay(file);
      if (record?.state === "given" && !this.#options.mayAdd()) continue;
      this.#begun.delete(file);
      if (record) this.#track(file, record, false);
    }
  }

  /** Forget troubles with files that are there no more. */
  forgetUnreadable(isThere: (file: string) => boolean): void {
    for (const file of this.#unreadable.keys())
      if (!isThere(file) && !this.#begun.has(file)) this.#unreadable.delete(file);
    this.#tellUnreadable();
  }

  async close(): Promise<void> {
    this.#unwatch();
    await Promise.all(this.#giving);
  }

  #takeUp(file: string, record: FileRecord): void {
    const { units, journal } = this.#options;
    const unit = units.find(record.unit);
    // It had been there, and was perhaps started: whoever makes it anew may do a thing twice.
    if (!unit && (record.state === "made" || !journal.isWhole))
      return this.#end(file, record, "its unit was released while nobody watched");
    if (unit?.isFinal) return this.#end(file, record, unit.status.State === UnitState.Succeeded);
    this.#live.set(file, record.unit);
    if (!unit || units.awaitsPayload(unit)) this.#begun.add(file);
  }

  /** The journal is lost or damaged: units say for which files they were made. */
  #learnFromUnits(): void {
    const { journal } = this.#options;
    const last = new Map<string, Unit>();
    for (const unit of this.#units()) {
      const { File = "" } = unit.status.Watch ?? {};
      if (!journal.records.has(File)) last.set(File, unit);
    }
    for (const [file, { id, isFinal, status }] of last) {
      const stamp = status.Watch?.Version ?? "";
      journal.note(file, { dev: "?", stamp, unit: id, state: isFinal ? "left" : "made" });
    }
  }

  /** A power cut may take the line and leave the unit. It never began, and its file has another one, or will have. */
  #endStrays(): void {
    const { units, journal, log } = this.#options;
    for (const unit of this.#units()) {
      if (journal.records.get(unit.status.Watch?.File ?? "")?.unit === unit.id || !units.awaitsPayload(unit)) continue;
      units.refuse(unit, new Error("its watcher does not know of it")).catch((error: unknown) => {
        log.warn(`unit ${unit.id} waits for a watcher that does not know of it`, { error: errorText(error) });
      });
    }
  }

  /** Those that this watcher made, in this folder; oldest first. */
  #units(): Unit[] {
    const { units, settings } = this.#options;
    return units.watched().filter(({ status: { Watch } }) => {
      return Watch?.Watcher === settings.name && Watch.Folder === settings.folder;
    });
  }

  #track(file: string, record: FileRecord, isNew: boolean): void {
    const { log } = this.#options;
    const work = this.#make(file, record, isNew)
      .catch((error: unknown) => this.#failed(file, record, error))
      .catch((error: unknown) => log.error(`the watched file ${file} was not given`, { error: errorText(error) }))
      .finally(() => this.#giving.delete(work));
    this.#giving.add(work);
  }

  async #make(file: string, record: FileRecord, isNew: boolean): Promise<void> {
    const { settings, units, journal, signal, troubles } = this.#options;
    await using handle = await openSeen(settings.folder, file, record);
    if (isNew) journal.write(file, record);
    const unit = units.find(record.unit) ?? makeUnit(units, settings, file, record);
    if (record.state === "given") {
      journal.write(file, { ...record, state: "made" });
      this.#counts.added++;
    }
    if (settings.give === "payload") await deliverFile(units, unit, { handle, file, version: record }, signal);
    await journal.flush();
    this.#isFull = false;
    this.#unreadable.delete(file);
    this.#tellUnreadable();
    troubles.over("unit");
    signal.throwIfAborted();
    if (!unit.isFinal) this.#start(file, record, unit);
  }

  /** Not waited for: how it goes is told by its status. */
  #start(file: string, record: FileRecord, unit: Unit): void {
    const { units, log } = this.#options;
    units.start(unit).catch(async (error: unknown) => {
      log.debug(`unit ${unit.id} of a watcher was not started`, { error: errorText(error) });
      // Not even tried, because its work type is configured no longer.
      if (units.awaitsPayload(unit)) await this.#failed(file, record, error);
    });
  }

  async #failed(file: string, { unit: id }: FileRecord, error: unknown): Promise<void> {
    const { units, signal, troubles, settings } = this.#options;
    // The next worker finds it as it is now.
    if (signal.aborted) return;
    const unit = units.find(id);
    if (error instanceof FileFault && error.kind === "changed") {
      if (unit) return await units.refuse(unit, error);
      this.#takeBack(file, id);
      return this.#options.stir(true);
    }
    if (error instanceof FileFault) {
      this.#unreadable.set(file, error.message);
      this.#tellUnreadable();
    } else {
      troubles.has("unit", `no unit of work type ${settings.workType} can be made for ${file}: ${errorText(error)}`);
      this.#isFull = !(error instanceof WorkError) || error.code === "STORAGE_FAILED";
    }
    const record = this.#recordUnderWay(file);
    const isRefused = error instanceof WorkError && error.code !== "STORAGE_FAILED";
    if (record?.unit === id && (unit || !isRefused)) this.#begun.add(file);
    else this.#takeBack(file, id);
  }

  /** It has no unit and is a file like others: the next look finds it. */
  #takeBack(file: string, unit: string): void {
    // A new version of it may have a unit by now.
    if (this.#live.get(file) === unit) this.#live.delete(file);
    if (this.#recordUnderWay(file)?.unit === unit) this.#options.journal.note(file, undefined);
  }

  #recordUnderWay(file: string): FileRecord | undefined {
    const record = this.#options.journal.records.get(file);
    return record?.state === "given" || record?.state === "made" ? record : undefined;
  }

  #freeId(file: string, version: FileVersion): string {
    for (let again = 0; ; again++) {
      const id = unitIdOf(this.#options.settings.name, file, version, again);
      if (!this.#options.units.find(id)) return id;
    }
  }

  #heard(unit: Unit, isGone: boolean): void {
    const { Watcher, File: file = "" } = unit.status.Watch ?? {};
    const isOurs = Watcher === this.#options.settings.name && this.#live.get(file) === unit.id;
    const record = isOurs && (unit.isFinal || isGone) ? this.#recordUnderWay(file) : undefined;
    if (!record) return;
    this.#end(file, record, unit.status.State === UnitState.Succeeded);
    this.#options.stir(false);
  }

  /** @param outcome whether it succeeded, or why nobody knows. */
  #end(file: string, record: FileRecord, outcome: boolean | string): void {
    const { journal, log, settings } = this.#options;
    const isGood = outcome === true;
    this.#live.delete(file);
    this.#begun.delete(file);
    this.#counts[isGood ? "succeeded" : "failed"]++;
    if (typeof outcome === "string") log.warn(`watcher ${settings.name}: ${file}: ${outcome}`);
    journal.note(file, { ...record, state: isGood ? "succeeded" : "failed" });
  }

  #tellUnreadable(): void {
    const [first] = this.#unreadable.values();
    const { size } = this.#unreadable;
    if (first === undefined) this.#options.troubles.over("file");
    else this.#options.troubles.has("file", size > 1 ? `${first}, and ${size - 1} more` : first);
  }
}
