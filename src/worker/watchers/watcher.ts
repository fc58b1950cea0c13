import { join } from "node:path";
import { type Clock, errorText, type Log } from "#core";
import type { WatcherStatus } from "#fleet";
import type { Units } from "#work";
import { EndedFiles } from "./ended-files.ts";
import type { FileJournal } from "./file-journal.ts";
import { FileUnits } from "./file-units.ts";
import { reasonOf } from "./folder-handle.ts";
import { FolderNotices } from "./folder-notices.ts";
import { Troubles } from "./troubles.ts";
import { type Looked, maxFiles, WatchedFiles } from "./watched-files.ts";
import type { WatcherSettings } from "./watcher-settings.ts";

/** Between two looks there is so much time at least, and so many times what the last one took. */
const leastRestMs = 50;
const restPerLook = 3;
/** The same for looks that nothing has asked for. */
const idlePerLook = 20;

export interface WatcherOptions {
  readonly settings: WatcherSettings;
  readonly units: Units;
  readonly journal: FileJournal;
  /** Whether tasks may be added now (CAT-17). */
  readonly mayAdd: () => boolean;
  /** Told when its {@link Watcher.status} says something else than before, save for counts. */
  readonly changed: () => void;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * One watched folder: each file of it gets one unit, and is put away when that has ended.
 *
 * Looking at the folder is the truth. What the system tells of changes only says when to look.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #files: WatchedFiles;
  readonly #units: FileUnits;
  readonly #ended: EndedFiles;
  readonly #notices: FolderNotices;
  readonly #troubles: Troubles;
  readonly #closing = new AbortController();
  #skipped = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lookMs = 0;
  #isStale = true;
  #isStirred = false;
  #wake: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  /** It takes up what the worker before has left, and begins with {@link start}. */
  constructor(options: WatcherOptions) {
    const { settings, journal, log, changed } = options;
    this.#options = options;
    this.#troubles = new Troubles({ name: settings.name, log, changed });
    this.#files = new WatchedFiles(settings, journal);
    this.#ended = new EndedFiles(settings, journal);
    this.#notices = new FolderNotices(() => this.stir(true));
    this.#units = new FileUnits({
      ...options,
      troubles: this.#troubles,
      stir: (toLook) => this.stir(toLook),
      signal: this.#closing.signal,
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  get status(): WatcherStatus {
    const { name, folder } = this.#options.settings;
    const { reason } = this.#troubles;
    return {
      ...{ name, folder, skipped: this.#skipped, waiting: this.#files.waiting + this.#units.waiting },
      ...this.#units.counts,
      ...(reason !== undefined && { reason: reason.slice(0, 2_000) }),
      state: this.#options.mayAdd() ? (reason === undefined ? "watching" : "trouble") : "off",
    };
  }

  /** Something has happened; the folder is to be looked at, or not. */
  stir(toLook: boolean): void {
    if (toLook) this.#isStale = true;
    this.#isStirred = true;
    this.#wake();
  }

  /** The configuration has changed, if not this watcher: what could not be put away is tried at once. */
  tryAgain(): void {
    this.#ended.tryAgain();
    this.stir(false);
  }

  /** Units go on; what is between file and unit is taken up again by the next watcher. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the watcher is closed"));
    this.#wake();
    this.#notices.close();
    await this.#running;
    await this.#units.close();
    this.#options.journal.pay();
    await this.#options.journal.close();
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      this.#isStirred = false;
      await this.#round().catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#troubles.has("folder", `a round broke off: ${errorText(error)}`);
      });
      await this.#pause();
    }
  }

  async #round(): Promise<void> {
    const { journal, mayAdd, clock } = this.#options;
    journal.pay();
    this.#units.goOn();
    await this.#putAway();
    if (mayAdd() && this.#lookInMs(clock.elapsed()) <= 0) await this.#look();
    if (!mayAdd()) return;
    for (const { file, version } of this.#files.ready(clock.elapsed(), this.#units.free)) {
      this.#files.drop(file);
      this.#units.give(file, version);
    }
  }

  async #putAway(): Promise<void> {
    await this.#ended.putAway(this.#options.clock.elapsed(), this.#closing.signal);
    const { trouble } = this.#ended;
    if (trouble === undefined) this.#troubles.over("away");
    else this.#troubles.has("away", trouble);
  }

  async #look(): Promise<void> {
    const { clock, settings } = this.#options;
    const begun = clock.elapsed();
    this.#isStale = false;
    try {
      const looked = await this.#files.look(begun, (file) => this.#units.isUnderWay(file), this.#closing.signal);
      this.#skipped = looked.skipped;
      this.#units.forgetUnreadable((file) => this.#files.isWaiting(file));
      this.#tell(looked);
    } catch (error) {
      this.#closing.signal.throwIfAborted();
      this.#troubles.has("folder", `${settings.folder} cannot be read: ${reasonOf(error)}`);
    }
    this.#lookedAt = clock.elapsed();
    this.#lookMs = this.#lookedAt - begun;
  }

  #tell({ id, folders, unread: [first], beyond }: Looked): void {
    const { folder } = this.#options.settings;
    this.#notices.follow(
      folders.map((below) => join(folder, below)),
      id,
    );
    this.#troubles.over("folder");
    if (first) this.#troubles.has("part", `${first.folder} cannot be read: ${reasonOf(first.error)}`);
    else this.#troubles.over("part");
    if (beyond === 0) return this.#troubles.over("many");
    this.#troubles.has("many", `there are more than ${maxFiles} files: ${beyond} wait until some are gone`);
  }

  /** When the folder is to be looked at again: soon when something has changed, else from time to time. */
  #lookInMs(now: number): number {
    const { everyMs } = this.#options.settings;
    const rest = this.#isStale
      ? Math.max(leastRestMs, restPerLook * this.#lookMs)
      : Math.max(everyMs, idlePerLook * this.#lookMs);
    return this.#lookedAt + rest - now;
  }

  /** Until something happens, something has settled, or it is time to look. */
  async #pause(): Promise<void> {
    const { clock, mayAdd, settings } = this.#options;
    const now = clock.elapsed();
    const settles = this.#files.nextInMs(now) ?? Number.POSITIVE_INFINITY;
    const look = mayAdd() ? Math.max(1, this.#lookInMs(now)) : settings.everyMs;
    // What waits for something that cannot be heard of is tried again from time to time.
    const stuck = this.#ended.nextInMs(now) ?? Number.POSITIVE_INFINITY;
    const ms = Math.min(look, settles + 1, settings.everyMs, Math.max(1, stuck));
    await new Promise<void>((resolve) => {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      if (this.#isStirred || this.#closing.signal.aborted) woken.abort();
      clock.sleep(ms, woken.signal).then(resolve, () => resolve());
    });
    // Never without a breath, whatever stirs.
    await clock.sleep(1);
  }
}
