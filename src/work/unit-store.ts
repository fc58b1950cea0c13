import { join } from "node:path";
import { type Clock, errorText, type Log, systemCode } from "#core";
import { WorkError } from "./errors.ts";
import { hasLaunch } from "./unit/process-record.ts";
import { Trash } from "./unit/trash.ts";
import { Unit } from "./unit/unit.ts";
import { createUnitFolder, type UnitFolder, unitFolder } from "./unit/unit-folder.ts";
import { isUnitId, newUnitId } from "./unit/unit-id.ts";
import { isUnitFolder, loadStatus, setDamagedAside, unitIdsIn } from "./unit/unit-scan.ts";
import { UnitState, type UnitStatus } from "./wire.ts";

/** Of 62^8 ids one is free at the first try; that none is means that the folder is not what it should be. */
const idTries = 20;
/** A folder that is in use now may be free in a moment (spec §2.5): so many tries, and between two so long, milliseconds. */
const removeTries = 3;
const removePauseMs = 1000;

/** Hears of one unit. @param isGone it has been released, and its id may be another's soon. */
export type UnitWatcher = (unit: Unit, isGone: boolean) => void;

/** A unit read from disk; `corrupt` when its status was set aside. */
export interface LoadedUnit {
  readonly unit: Unit;
  readonly corrupt: boolean;
}

/** The units of a node as folders on disk and as an index in memory. It knows nothing of what runs. */
export class UnitStore {
  readonly #dir: string;
  readonly #trash: Trash;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #units = new Map<string, Unit>();
  readonly #watchers = new Set<UnitWatcher>();

  /** @param dir holds a folder for each unit. @param privateDir takes what is not a unit yet, or no more. */
  constructor(dir: string, privateDir: string, log: Log, clock: Clock) {
    this.#dir = dir;
    this.#trash = new Trash(join(privateDir, "trash"));
    this.#log = log;
    this.#clock = clock;
  }

  /** Tell a watcher of every unit that is made, changes, or is forgotten. @returns what ends that. */
  watch(watcher: UnitWatcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Oldest first. */
  all(): Unit[] {
    return [...this.#units.values()];
  }

  find(id: string): Unit | undefined {
    return this.#units.get(id);
  }

  /** Read every folder into the index, and delete what earlier daemons had thrown away. */
  loadAll(): LoadedUnit[] {
    this.#trash.empty().catch((error: unknown) => this.#log.warn("trash not emptied", { error: errorText(error) }));
    const loaded = unitIdsIn(this.#dir).map((id) => this.#load(id));
    loaded.sort((a, b) => createdAt(a.unit) - createdAt(b.unit));
    for (const { unit } of loaded) this.#units.set(unit.id, unit);
    return loaded;
  }

  /** A folder that came since we started, or undefined. */
  loadLate(id: string): LoadedUnit | undefined {
    if (!isUnitId(id) || !isUnitFolder(unitFolder(this.#dir, id))) return undefined;
    const loaded = this.#load(id);
    this.#units.set(id, loaded.unit);
    return loaded;
  }

  /** @throws {WorkError} `STORAGE_FAILED`; then nothing was made. */
  create(status: UnitStatus, wantedId: string | undefined): Unit {
    let id = wantedId && isUnitId(wantedId) ? wantedId : newUnitId();
    for (let tries = 0; tries < idTries; tries++, id = newUnitId()) {
      const unit = this.#tryCreate(id, status);
      if (unit) return unit;
    }
    throw new WorkError("STORAGE_FAILED", `no unit can be stored: no free id was found in ${this.#dir}`);
  }

  /** Make a unit of this very id. @throws {WorkError} `UNIT_ID_TAKEN`, `STORAGE_FAILED`; then nothing was made. */
  createAs(id: string, status: UnitStatus): Unit {
    const unit = isUnitId(id) ? this.#tryCreate(id, status) : undefined;
    if (unit) return unit;
    throw new WorkError("UNIT_ID_TAKEN", `unit ID ${id} is taken`);
  }

  /** @returns undefined when the id is taken. */
  #tryCreate(id: string, status: UnitStatus): Unit | undefined {
    if (this.#units.has(id)) return undefined;
    const folder = unitFolder(this.#dir, id);
    try {
      createUnitFolder(folder, this.#trash.draft(id), status);
    } catch (error) {
      if (["EEXIST", "ENOTEMPTY", "ENOTDIR"].includes(systemCode(error) ?? "")) return undefined;
      throw new WorkError("STORAGE_FAILED", `no unit can be stored: ${errorText(error)}`, { cause: error });
    }
    const unit = this.#unit(id, folder, status);
    this.#units.set(id, unit);
    this.#tell(unit);
    return unit;
  }

  /**
   * Delete a unit's folder and forget it. Out of its place it is gone; what cannot be deleted then stays in the trash,
   * for the next daemon to try.
   *
   * @param force forget it also when the files stay.
   * @throws {WorkError} `STORAGE_FAILED`.
   */
  async remove(unit: Unit, force: boolean): Promise<void> {
    const { id, folder } = unit;
    let place = this.#takeAway(id, folder);
    for (let left = force ? 0 : removeTries - 1; place instanceof Error && left > 0; left--) {
      await this.#clock.sleep(removePauseMs);
      place = this.#takeAway(id, folder);
    }
    if (place instanceof Error && !force)
      throw new WorkError("STORAGE_FAILED", `files of unit ${id} not deleted: ${place.message}`, { cause: place });
    this.#units.delete(id);
    this.#tell(unit);
    if (typeof place !== "string") return;
    await this.#trash.delete(place).catch((error: unknown) => {
      this.#log.warn(`files of released unit ${id} stay in the trash`, { error: errorText(error) });
    });
  }

  /** @returns where the folder is now; undefined: it was gone; or why it stays. */
  #takeAway(id: string, { dir }: UnitFolder): string | Error | undefined {
    try {
      return this.#trash.take(dir, id);
    } catch (error) {
      return systemCode(error) === "ENOENT" ? undefined : (error as Error);
    }
  }

  #load(id: string): LoadedUnit {
    const folder = unitFolder(this.#dir, id);
    const { status, damaged } = loadStatus(folder, this.#clock.now());
    if (damaged) this.#log.warn(`unit ${id}: ${status.Detail}`);
    // A status that the disk does not give today may be whole tomorrow: it is left where it is.
    const corrupt = status.Cause === "STATUS_CORRUPT" && damaged;
    if (corrupt) setDamagedAside(folder);
    return { unit: this.#unit(id, folder, damaged ? repaired(folder, status) : status), corrupt };
  }

  #unit(id: string, folder: UnitFolder, status: UnitStatus): Unit {
    return new Unit(id, folder, status, (unit) => this.#tell(unit));
  }

  #tell(unit: Unit): void {
    for (const watcher of this.#watchers) watcher(unit, this.#units.get(unit.id) !== unit);
  }
}

/** Receptor does not write it down; its units came before ours. */
function createdAt({ status }: Unit): number {
  return Date.parse(status.CreatedAt ?? "") || 0;
}

/** A damaged status of a unit that was launched is not its ending: its record still knows that. */
function repaired(folder: UnitFolder, status: UnitStatus): UnitStatus {
  if (!hasLaunch(folder.process)) return status;
  const { Cause, FinishedAt, ...rest } = status;
  return { ...rest, State: UnitState.Running, Detail: "Running (its status file was damaged)" };
}
