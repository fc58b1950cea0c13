import { FleetError } from "../errors.ts";
import type { ThreeWayChange } from "./diff.ts";

/** Versions of a configuration that are kept (CAT-74). */
export const keptVersions = 20;

/** Somebody else was faster (CAT-72); caught apart for its differences, which hold no secret. */
export class ConfigStaleError extends FleetError {
  readonly version: number;
  readonly changes: readonly ThreeWayChange[];

  constructor(name: string, version: number, changes: readonly ThreeWayChange[]) {
    super("CONFIG_STALE", `${name} is at version ${version} by now: look at the differences and write again`);
    this.version = version;
    this.changes = changes;
  }
}
