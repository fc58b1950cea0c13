import { isFinal, type UnitReport } from "#work/wire";
import { oneLine } from "./quantities.ts";

/** Where the work of a `remote` unit is (spec §2.7.1). */
export interface Elsewhere {
  readonly node: string;
  readonly workType: string;
  /** Id of the unit there, once there is one. */
  readonly unitId: string | undefined;
}

/** Undefined for a unit whose work is on the node that tells of it. */
export function elsewhere({ WorkType, ExtraData }: UnitReport): Elsewhere | undefined {
  if (WorkType !== "remote") return undefined;
  const { RemoteNode, RemoteWorkType, RemoteUnitID } = (ExtraData ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof RemoteNode !== "string" || typeof RemoteWorkType !== "string") return undefined;
  const unitId = typeof RemoteUnitID === "string" && RemoteUnitID !== "" ? oneLine(RemoteUnitID) : undefined;
  return { node: oneLine(RemoteNode), workType: oneLine(RemoteWorkType), unitId };
}

/** What a unit waits for on its way between two nodes: `cancel waits for bar`. Undefined when for nothing. */
export function waitText(report: UnitReport): string | undefined {
  const there = elsewhere(report);
  if (!there) return undefined;
  const { LocalCancelled, LocalReleased } = report.ExtraData as Readonly<Record<string, unknown>>;
  const isStalled = report.Stalled !== undefined;
  if (LocalReleased === true) return isStalled ? `release waits for ${there.node}` : "is being released";
  if (isFinal(report.State)) return undefined;
  if (LocalCancelled === true) return isStalled ? `cancel waits for ${there.node}` : "is being cancelled";
  return isStalled ? `waits for ${there.node}` : undefined;
}
