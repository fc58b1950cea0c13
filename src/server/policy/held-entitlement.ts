import { errorText } from "#core";
import {
  type EntitlementDocument,
  entitlementEnds,
  entitlementFault,
  type EntitlementJudge,
  type EntitlementTerm,
  entitlementTerm,
  readEntitlement,
} from "#fleet";
import type { EntitlementTable } from "../store/tables.ts";
import type { Feature, Granted } from "./policy.ts";

/** An entitlement that was given, and what is to be held of it whatever the date. */
export interface HeldEntitlement extends Omit<EntitlementTable, "worker_id"> {
  /** For this worker alone; undefined: for the server. */
  readonly workerId: string | undefined;
  /** Undefined: it is not even one. */
  readonly document: EntitlementDocument | undefined;
  /** Why it counts at no date; undefined: it is genuine. */
  readonly fault: string | undefined;
}

export type EntitlementState = EntitlementTerm | "refused";

/** Judge one. Pure: dates are for {@link entitlementState}. */
export function holdEntitlement({ worker_id, ...row }: EntitlementTable, judge: EntitlementJudge): HeldEntitlement {
  const held = { ...row, workerId: worker_id ?? undefined };
  try {
    const read = readEntitlement(row.text);
    return { ...held, document: read.document, fault: entitlementFault(read, judge) };
  } catch (error) {
    return { ...held, document: undefined, fault: errorText(error) };
  }
}

export function entitlementState({ document, fault }: HeldEntitlement, now: number): EntitlementState {
  return document && fault === undefined ? entitlementTerm(document, now) : "refused";
}

/** What people are to be told of its end by now: nothing, that it is near, or that it has come (CAT-99). */
export function endToTell(held: HeldEntitlement, now: number): "" | "ending" | "over" {
  const state = entitlementState(held, now);
  if (state === "over") return "over";
  return state === "in force" && held.document && entitlementEnds(held.document, now) ? "ending" : "";
}

/**
 * All that entitlements give together; undefined: none counts.
 *
 * @param isOpen asked about what was begun before: an end that has come since takes nothing away from it (CAT-99).
 */
export function grantedBy(all: readonly HeldEntitlement[], now: number, isOpen: boolean): Granted | undefined {
  const counting: readonly EntitlementState[] = isOpen ? ["in force", "over"] : ["in force"];
  const documents = all.flatMap((held) =>
    held.document && counting.includes(entitlementState(held, now)) ? [held.document] : [],
  );
  if (documents.length === 0) return undefined;
  const limits = documents.map(({ limits }) => limits["workers.max"] ?? Number.POSITIVE_INFINITY);
  const most = Math.max(...limits);
  return {
    features: [...new Set(documents.flatMap(({ features }) => features))],
    maxWorkers: Number.isFinite(most) ? most : undefined,
  };
}

/** Why entitlements do not give a feature, for whoever was refused (CAT-111). */
export function whyNotGranted(all: readonly HeldEntitlement[], feature: Feature, now: number): string {
  const [first, ...others] = all.filter((held) => entitlementState(held, now) !== "in force");
  if (all.length === 0) return "no entitlement was entered";
  if (!first) return `no entitlement that is in force includes ${feature}`;
  const more = others.length > 0 ? ` (and ${others.length} more do not count)` : "";
  return `${reasonOf(first, now)}${more}`;
}

function reasonOf({ document, fault }: HeldEntitlement, now: number): string {
  if (!document || fault !== undefined) return `the entitlement ${document?.id ?? ""} does not count: ${fault ?? ""}`;
  if (entitlementTerm(document, now) === "early")
    return `the entitlement ${document.id} begins at ${new Date(document.notBefore).toISOString()}`;
  return `the entitlement ${document.id} ended at ${new Date(document.notAfter).toISOString()}`;
}
