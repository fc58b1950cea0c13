import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Clock, errorText, type Log, systemClock } from "#core";
import type { WatcherStatus } from "#fleet";
import type { Units } from "#work";
import { UnitState } from "#work/wire";
import { WorkerError } from "../errors.ts";
import { FileJournal } from "./file-journal.ts";
import { goingRound } from "./folder-lines.ts";
import { Watcher } from "./watcher.ts";
import { type WatcherSettings, watcherSettings, type WrittenWatcher } from "./watcher-settings.ts";

export interface WatchersOptions {
  readonly units: Units;
  /** Folder for the journals, private to the worker. */
  readonly dir: string;
  /** Whether tasks may be added now (CAT-17). */
  readonly mayAdd: () => boolean;
  /** Told when something about one of them is other than it was, save for counts. */
  readonly changed?: () => void;
  readonly log: Log;
  readonly clock?: Clock;
}

/** A watcher that does not watch is tried again so often; milliseconds. */
const againMs = 10_000;

/** A watcher at work, or why it is not. */
interface Held {
  readonly written: string;
  readonly settings: WatcherSettings;
  readonly watcher: Watcher | WorkerError;
}

/** The watchers of a worker, as its configuration names them now. */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #held = new Map<string, Held>();
  /** Why some do not watch, as the log has it. */
  readonly #told = new Set<string>();
  #turn: Promise<void> = Promise.resolve();
  #again: NodeJS.Timeout | undefined;

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  /** From now on these are watched: those that are the same go on, the others end or begin. */
  configure(wanted: readonly WrittenWatcher[]): Promise<void> {
    return this.#take(wanted, true);
  }

  get status(): WatcherStatus[] {
    return [...this.#held.values()].map(({ watcher, settings: { name, folder } }) =>
      watcher instanceof Watcher
        ? watcher.status
        : {
            ...{ name, folder, state: "trouble", reason: watcher.message },
            ...{ waiting: 0, running: 0, skipped: 0, added: 0, succeeded: 0, failed: 0 },
          },
    );
  }

  /** A switch has changed: whoever may look now does. */
  wake(): void {
    for (const { watcher } of this.#held.values()) if (watcher instanceof Watcher) watcher.stir(true);
  }

  async close(): Promise<void> {
    await this.#turn;
    clearTimeout(this.#again);
    await Promise.all([...this.#held.keys()].map((name) => this.#end(name)));
  }

  #take(wanted: readonly WrittenWatcher[], isNew: boolean): Promise<void> {
    this.#turn = this.#turn.then(() => this.#configure(wanted, isNew));
    return this.#turn;
  }

  /** @param isNew somebody has changed the configuration. */
  async #configure(wanted: readonly WrittenWatcher[], isNew: boolean): Promise<void> {
    const written = new Map(wanted.map((watcher) => [watcher.name, JSON.stringify(watcher)]));
    clearTimeout(this.#again);
    const round = await goingRound(wanted);
    for (const [name, { written: before, watcher }] of this.#held)
      if (written.get(name) !== before || round.has(name) || !(watcher instanceof Watcher)) await this.#end(name);
    this.#endForgotten(new Set(wanted.map((watcher) => placeOf(watcherSettings(watcher)))));
    for (const watcher of wanted) if (!this.#held.has(watcher.name)) this.#begin(watcher, round.get(watcher.name));
    this.#forgetTold();
    if (isNew) for (const { watcher } of this.#held.values()) if (watcher instanceof Watcher) watcher.tryAgain();
    const isAll = [...this.#held.values()].every(({ watcher }) => watcher instanceof Watcher);
    if (!isAll) this.#again = setTimeout(() => void this.#take(wanted, false), againMs).unref();
    this.#options.changed?.();
  }

  /** @param round why its files would go round for ever. */
  #begin(wanted: WrittenWatcher, round: string | undefined): void {
    const settings = watcherSettings(wanted);
    const { name } = settings;
    const watcher =
      round === undefined
        ? this.#open(settings)
        : this.#idle("WATCHERS_CIRCLE", `watcher ${name} does not watch: ${round}`);
    this.#held.set(name, { settings, written: JSON.stringify(wanted), watcher });
  }

  #open(settings: WatcherSettings): Watcher | WorkerError {
    const { dir, units, mayAdd, log, changed = () => {}, clock = systemClock } = this.#options;
    try {
      const journal = new FileJournal(join(dir, journalName(settings)));
      const watcher = new Watcher({ settings, units, journal, mayAdd, changed, log, clock });
      watcher.start();
      return watcher;
    } catch (error) {
      // Without its memory it would do again what was done.
      const why = `watcher ${settings.name} does not watch: its journal cannot be used: ${errorText(error)}`;
      return this.#idle("STATE_UNUSABLE", why, { cause: error });
    }
  }

  /** A watcher that cannot begin. Why is a line of the log once, however often it is tried. */
  #idle(code: "STATE_UNUSABLE" | "WATCHERS_CIRCLE", why: string, options?: ErrorOptions): WorkerError {
    if (!this.#told.has(why)) this.#options.log.error(why);
    this.#told.add(why);
    return new WorkerError(code, why, options);
  }

  #forgetTold(): void {
    const now = new Set(
      [...this.#held.values()].map(({ watcher }) => (watcher instanceof Watcher ? "" : watcher.message)),
    );
    for (const why of this.#told) if (!now.has(why)) this.#told.delete(why);
  }

  async #end(name: string): Promise<void> {
    const watcher = this.#held.get(name)?.watcher;
    this.#held.delete(name);
    if (watcher instanceof Watcher) await watcher.close();
  }

  /** Units that nobody will bring a payload any more. */
  #endForgotten(places: ReadonlySet<string>): void {
    const { units, log } = this.#options;
    for (const unit of units.watched()) {
      const { State, Queued, Watch: { Watcher = "", Folder = "" } = {} } = unit.status;
      if (State !== UnitState.Pending || Queued === true || places.has(placeOf({ name: Watcher, folder: Folder })))
        continue;
      const why = new Error(`there is no watcher ${Watcher} of ${Folder} any more`);
      units.refuse(unit, why).catch((error: unknown) => {
        log.warn(`unit ${unit.id} waits for a watcher that is gone`, { error: errorText(error) });
      });
    }
  }
}

/** Which watcher of which folder. */
const placeOf = ({ name, folder }: Pick<WatcherSettings, "name" | "folder">): string => `${name} ${folder}`;

/** Of a watcher that was turned to another folder nothing is remembered. */
function journalName({ name, folder }: WatcherSettings): string {
  return `${name}-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}.jsonl`;
}
