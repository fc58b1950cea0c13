import type { Clock, JsonObject } from "#core";
import { configFaults, configSchemaVersion, FleetError } from "#fleet";
import type { AuditTrail } from "../audit/audit.ts";
import type { Seal } from "../auth/seal.ts";
import type { PresenceState } from "../registry/presence.ts";
import type { Store } from "../store/store.ts";
import { Configurations } from "./configurations.ts";

const shownFaults = 10;

/** The configurations of workers, each checked as the workers check theirs (CAT-77). */
export function openConfigurations(options: {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly seal: Seal;
  readonly clock: Pick<Clock, "now">;
  /** Told of each new version. */
  readonly changed: (name: string, version: number) => void;
  readonly presence: { state(workerId: string): PresenceState | undefined };
}): Configurations {
  const { seal, ...rest } = options;
  return new Configurations({ ...rest, sealer: seal, validate, schemaVersion: configSchemaVersion });
}

function validate(document: JsonObject): void {
  const faults = configFaults(document);
  if (faults.length === 0) return;
  const told = faults.slice(0, shownFaults).map(({ path, reason }) => `${path}: ${reason}`);
  throw new FleetError("CONFIG_INVALID", told.join("; "));
}
