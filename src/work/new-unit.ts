import type { Clock } from "#core";
import { effectiveParams } from "./runner/runner.ts";
import { askedParams, type RequestedBy, UnitState, type UnitStatus, type WatchRecord } from "./wire.ts";
import type { WorkTypes } from "./work-types.ts";

/** What is shown of a unit that waits for its payload. */
export const awaitsInput = "Waiting for Input Data";

/** What a submit asks for. */
export interface NewUnit {
  readonly workType: string;
  /** The request's own keys; the work type says which mean something. */
  readonly params: Readonly<Record<string, string>>;
  /** Id a newer peer chose (spec §9); used when it is valid and free. */
  readonly wantedId?: string;
  /** Who orders it, where that is known. */
  readonly requestedBy?: RequestedBy | undefined;
}

/** What a watcher asks for. */
export interface WatchedUnit extends Omit<NewUnit, "wantedId" | "requestedBy"> {
  readonly watch: WatchRecord;
}

/**
 * The first status of a unit of this node, with the parameters that its work type lets the request choose.
 *
 * @throws {WorkError} `WORK_TYPE_UNKNOWN`, `PARAMS_REFUSED`.
 */
export function firstStatus(
  types: WorkTypes,
  clock: Clock,
  { workType, params }: Pick<NewUnit, "workType" | "params">,
): UnitStatus {
  return {
    State: UnitState.Pending,
    Detail: "Unit Created",
    StdoutSize: 0,
    WorkType: workType,
    ExtraData: { Pid: 0, Params: effectiveParams(types.get(workType), params) },
    CreatedAt: new Date(clock.now()).toISOString(),
  };
}

/** The same, with what was asked for and who did. @throws as {@link firstStatus}. */
export function requestedStatus(types: WorkTypes, clock: Clock, { requestedBy, ...wish }: NewUnit): UnitStatus {
  const asked = askedParams(wish.params);
  return {
    ...firstStatus(types, clock, wish),
    ...(Object.keys(asked).length > 0 && { Asked: asked }),
    ...(requestedBy && { RequestedBy: requestedBy }),
  };
}
