import type { ControlSession } from "#control";
import { decodeRemoteData } from "./remote/remote-data.ts";
import { isRemote } from "./remote/remote-units.ts";
import type { PendingVerification, WorkFacts } from "./signature/facts.ts";
import type { WorkSignatures } from "./signature/signatures.ts";
import type { Unit } from "./unit/unit.ts";
import type { Units } from "./units.ts";
import type { WorkRequest } from "./requests.ts";

type Signed = Extract<WorkRequest, { signature?: string }>;

/**
 * Look at the signature of a request, before anything happens to a unit (spec §1.8).
 *
 * @throws {WorkError} why it is refused.
 */
export function checkSignature(
  units: Units,
  signatures: Pick<WorkSignatures, "check">,
  request: Signed,
  session: Pick<ControlSession, "remote">,
): Promise<PendingVerification> {
  const { signature } = request;
  const { needs, facts } = factsOf(units, request);
  return signatures.check({ needs, remote: session.remote, signature, facts });
}

function factsOf(units: Units, request: Signed): { needs: boolean; facts: WorkFacts } {
  switch (request.kind) {
    case "submit": {
      const { workType, params, wantedId: unitId = "", signWork = false } = request;
      // The submitted type counts, also when the work is for another node.
      const needs = workType === "remote" ? signWork : units.workTypes.isSigned(workType);
      return { needs, facts: { operation: "submit", unitId, workType, params } };
    }
    case "order": {
      const { unitId, workType, params } = request.order;
      return { needs: units.workTypes.isSigned(workType), facts: { operation: "submit", unitId, workType, params } };
    }
    case "results":
    case "attach": {
      const { needs, workType } = ofUnit(units, units.get(request.unitId));
      const { unitId, startPos } = request;
      return { needs, facts: { operation: "results", unitId, workType, startPos } };
    }
    default: {
      const { needs, workType } = ofUnit(units, units.get(request.unitId));
      return { needs, facts: { operation: request.kind, unitId: request.unitId, workType } };
    }
  }
}

function ofUnit(units: Units, unit: Unit): { needs: boolean; workType: string } {
  const { WorkType: workType, ExtraData } = unit.status;
  if (!isRemote(unit)) return { needs: units.workTypes.isSigned(workType), workType };
  return { needs: decodeRemoteData(ExtraData)?.SignWork ?? false, workType };
}
