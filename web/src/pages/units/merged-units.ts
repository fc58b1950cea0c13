import type { IndexedUnit } from "#server/wire";
import type { UnitsWish } from "../../api/units.ts";
import { unitKey } from "../../live/live-state.ts";

const stateNames = ["pending", "running", "succeeded", "failed", "canceled"];

/** What was read, with what has been told since: changed, new and released ones. The newest first. */
export function mergedUnits(
  read: readonly IndexedUnit[],
  told: ReadonlyMap<string, IndexedUnit>,
  wish: UnitsWish,
): readonly IndexedUnit[] {
  if (told.size === 0) return read;
  const known = new Set(read.map(unitKey));
  // An older one belongs behind what was read, and is read with the next page.
  const oldest = read.at(-1)?.createdAt ?? 0;
  const fresh = [...told.values()].filter((unit) => !known.has(unitKey(unit)) && unit.createdAt >= oldest);
  const all = [...read.map((unit) => told.get(unitKey(unit)) ?? unit), ...fresh];
  return all.filter((unit) => isWanted(unit, wish)).sort((a, b) => b.createdAt - a.createdAt);
}

function isWanted(unit: IndexedUnit, { worker, state, workType, user }: UnitsWish): boolean {
  if (unit.releasedAt !== undefined) return false;
  if (worker !== undefined && unit.worker.name !== worker && unit.worker.id !== worker) return false;
  if (state !== undefined && stateNames[unit.state] !== state) return false;
  if (workType !== undefined && unit.workType !== workType) return false;
  return user === undefined || unit.requestedBy?.user === user;
}
