import { type Candidate, Candidates } from "./candidates.ts";
import type { FileJournal } from "./file-journal.ts";
import { type FileVersion, isSameFile } from "./file-version.ts";
import { FolderHandle } from "./folder-handle.ts";
import { wantedNames } from "./name-pattern.ts";
import { type Walked, walkFolder } from "./walk-folder.ts";
import type { WatcherSettings } from "./watcher-settings.ts";

/** Files of one watcher that are kept in mind at most. More wait until some are gone. */
export const maxFiles = 200_000;

/** What one look at the folder has shown. */
export interface Looked extends Walked {
  /** Files beyond {@link maxFiles}. */
  readonly beyond: number;
}

interface Look {
  readonly now: number;
  readonly number: number;
  readonly known: Set<string>;
  /** Files with a marker beside them. */
  readonly marked: Set<string>;
  /** Files that are known from another device. */
  remounted: number;
  beyond: number;
}

/** Which files of a folder are new. */
export class WatchedFiles {
  readonly #settings: WatcherSettings;
  readonly #journal: FileJournal;
  readonly #candidates: Candidates;
  #looks = 0;
  #marked: ReadonlySet<string> = new Set();

  constructor(settings: WatcherSettings, journal: FileJournal) {
    this.#settings = settings;
    this.#journal = journal;
    this.#candidates = new Candidates(settings.settleMs);
  }

  /** Files that have no unit yet. */
  get waiting(): number {
    return this.#candidates.size;
  }

  /** Is this a file that has no unit yet? */
  isWaiting(file: string): boolean {
    return this.#candidates.has(file);
  }

  /**
   * @param now by a clock that nobody sets. @param isUnderWay whether a file is being given this very moment: then it is no new
   * one, although nothing is on record of it yet.
   * @throws the system error when the folder cannot be read.
   */
  async look(now: number, isUnderWay: (file: string) => boolean, signal: AbortSignal): Promise<Looked> {
    const { folder, depth, include, exclude, marker } = this.#settings;
    const wants = wantedNames(include, exclude);
    const isMarker = (name: string): boolean => marker !== undefined && name.endsWith(marker);
    const look = {
      now,
      number: ++this.#looks,
      known: new Set<string>(),
      marked: new Set<string>(),
      remounted: 0,
      beyond: 0,
    };
    const closed = await this.#closedFolders();
    const walked = await walkFolder({
      ...{ folder, depth, signal },
      isClosed: (id) => closed.has(id),
      wants: (name) => isMarker(name) || wants(name),
      visit: (file, version) => {
        if (isMarker(file)) look.marked.add(file.slice(0, -(marker?.length ?? 0)));
        else if (!isUnderWay(file)) this.#visit(file, version, look);
        else look.known.add(file);
      },
    });
    this.#marked = look.marked;
    this.#forgetGone(walked, look, wants);
    return { ...walked, beyond: look.beyond };
  }

  /** Files that have settled, the first seen first. */
  ready(now: number, atMost: number): Candidate[] {
    const found: Candidate[] = [];
    for (const candidate of this.#candidates.settled(now)) {
      if (found.length >= atMost) break;
      if (this.#settings.marker === undefined || this.#marked.has(candidate.file)) found.push(candidate);
    }
    return found;
  }

  /** It has a unit now, or is no file any more. */
  drop(file: string): void {
    this.#candidates.drop(file);
  }

  /** See {@link Candidates.nextInMs}. */
  nextInMs(now: number): number | undefined {
    return this.#candidates.nextInMs(now);
  }

  #visit(file: string, version: FileVersion, look: Look): void {
    const record = this.#journal.records.get(file);
    if (record) {
      look.known.add(file);
      // One thing after the other: a file that was written over while its unit runs has its turn when that has ended.
      if (record.state !== "left") return;
      if (isSameFile(record, version)) {
        if (record.dev === version.dev) return;
        look.remounted++;
        return this.#journal.note(file, { ...record, ...version });
      }
    } else if (!this.#candidates.has(file) && this.#candidates.size + this.#journal.records.size >= maxFiles) {
      look.beyond++;
      return;
    }
    this.#candidates.see(file, version, look);
  }

  /**
   * A file that is gone is forgotten, so that it is a new one when it comes again. Not one that is only looked at no more,
   * for the configuration has changed and may change back. Nor while nothing that was known shows on
   * another device: then this is the folder of a mount without what is mounted there.
   */
  #forgetGone({ dev, unread }: Walked, { number, known, remounted }: Look, wants: (name: string) => boolean): void {
    const { depth } = this.#settings;
    const isUnknown = (file: string): boolean => unread.some(({ folder }) => file.startsWith(`${folder}/`));
    const isLookedAt = (file: string): boolean => {
      const names = file.split("/");
      return names.length <= depth + 1 && wants(names.at(-1) ?? "");
    };
    this.#candidates.dropUnseen(number, isUnknown);
    for (const [file, record] of this.#journal.records) {
      if (record.state !== "left" || known.has(file) || isUnknown(file) || !isLookedAt(file)) continue;
      if (record.dev === dev || remounted > 0) this.#journal.note(file, undefined);
    }
  }

  /** Folders that files are moved to may be below the watched one; what is in them is done. */
  async #closedFolders(): Promise<Set<string>> {
    const closed = new Set<string>();
    for (const afterwards of [this.#settings.onSuccess, this.#settings.onFailure]) {
      if (typeof afterwards === "string") continue;
      try {
        await using folder = await FolderHandle.open(afterwards.moveTo);
        closed.add(await folder.id());
      } catch {
        // What is not there has nothing in it; whoever is to move a file to it says so.
      }
    }
    return closed;
  }
}
