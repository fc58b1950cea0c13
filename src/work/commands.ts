import type { ControlCommand, ControlSession, JsonObject } from "#control";
import { WorkError } from "./errors.ts";
import { parseWorkJson, parseWorkText, type WorkRequest } from "./requests.ts";
import type { Units } from "./units.ts";

type SubmitRequest = Extract<WorkRequest, { kind: "submit" }>;
type ResultsRequest = Extract<WorkRequest, { kind: "results" }>;

/** The control command `work` over the units of this node (spec §1.8 to §1.12). */
export function workCommand(units: Units, nodeId: string): ControlCommand {
  return {
    name: "work",
    parseText: (rest) => ({ work: parseWorkText(rest) }),
    parseJson: (request) => ({ work: parseWorkJson(request) }),
    run: (request, session) => runWork(units, nodeId, request["work"] as WorkRequest, session),
  };
}

async function runWork(
  units: Units,
  nodeId: string,
  request: WorkRequest,
  session: ControlSession,
): Promise<JsonObject | "close"> {
  refuseSignature(request);
  switch (request.kind) {
    case "submit":
      return submit(units, nodeId, request, session);
    case "list":
      return request.unitId ? { [request.unitId]: units.get(request.unitId).report() } : units.list();
    case "status":
      return { ...units.get(request.unitId).report() };
    case "cancel":
      await units.cancel(request.unitId, session.signal);
      return { cancelled: request.unitId };
    case "release":
    case "force-release":
      await units.release(request.unitId, { force: request.kind === "force-release", signal: session.signal });
      return { released: request.unitId };
    case "results":
      return results(units, request, session);
  }
}

/** No type of this node asks for signatures, and a signature nobody checks must not look as if it had been checked. */
function refuseSignature(request: WorkRequest): void {
  if ("signature" in request && request.signature) {
    throw new WorkError("SIGNATURE_UNEXPECTED", "work type did not expect a signature");
  }
}

async function submit(units: Units, nodeId: string, request: SubmitRequest, session: ControlSession) {
  const { node, workType, params, wantedId, ttl } = request;
  if (node !== nodeId && node.toLowerCase() !== "localhost") {
    throw new WorkError("NODE_UNREACHABLE", `no route to node ${node}: this worker is not part of a mesh`);
  }
  if (ttl) throw new WorkError("REQUEST_INVALID", "ttl option is intended for remote work only");
  const unit = units.allocate({ workType, params, ...(wantedId && { wantedId }) });
  await units.receive(unit, announcedPayload(unit.id, session));
  const started = await units.start(unit);
  return { result: started ? "Job Started" : "Job Submitted", unitid: unit.id };
}

/** A client that is gone before it hears the id is a payload that never came: the unit must not wait for it. */
async function* announcedPayload(id: string, session: ControlSession): AsyncGenerator<Uint8Array> {
  await session.writeLine(`Work unit created with ID ${id}. Send stdin data and EOF.`);
  yield* session.payload();
}

async function results(units: Units, request: ResultsRequest, session: ControlSession): Promise<"close"> {
  const unit = units.get(request.unitId);
  // Raw already, so that no error can follow it: whatever does is taken for output.
  await session.write(Buffer.from(`Streaming results for work unit ${unit.id}\n`));
  for await (const chunk of units.results(unit, request.startPos, session.signal)) await session.write(chunk);
  return "close";
}
