import { type EntitlementDocument, readEntitlement } from "#fleet";
import { readSettingsFile } from "../settings/mod.ts";

/** The entitlement that a worker was given, its form looked at; whether it counts is for its server to say. */
export interface OwnEntitlement {
  readonly text: string;
  readonly document: EntitlementDocument;
}

/**
 * The one that `/entitlement` holds, or the file that it names by its absolute path (CAT-98).
 *
 * @throws what reading the file throws. @throws {FleetError} ENTITLEMENT_INVALID.
 */
export function ownEntitlement(given: string | null): OwnEntitlement | undefined {
  if (given === null) return undefined;
  const text = (given.startsWith("/") ? readSettingsFile(given) : given).trim();
  return { text, document: readEntitlement(text).document };
}
