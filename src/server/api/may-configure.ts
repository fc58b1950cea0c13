import { FleetError, includesLevel } from "#fleet";
import type { Caller } from "../auth/callers.ts";
import { configLabel, type Labels } from "../registry/labels.ts";
import { configLevelOf } from "./admission.ts";
import type { RouteServices } from "./services.ts";

/**
 * A worker is given all of its configuration, secrets too: who gives it another one must have the right to that (CAT-81).
 *
 * @param before what the worker has already. @throws {FleetError} LEVEL_TOO_LOW.
 */
export async function requireMayConfigure(
  { store }: Pick<RouteServices, "store">,
  caller: Caller,
  labels: Labels = {},
  before: Labels = {},
): Promise<void> {
  const name = labels[configLabel];
  if (name === undefined || name === before[configLabel]) return;
  if (includesLevel(await configLevelOf(store, caller, name), "configure")) return;
  throw new FleetError("LEVEL_TOO_LOW", `this needs the level configure on the configuration ${name} (CAT-81)`);
}
