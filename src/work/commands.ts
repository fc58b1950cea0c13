import type { ControlCommand, ControlSession, JsonObject } from "#control";
import { systemClock } from "#core";
import { WorkError } from "./errors.ts";
import { payloadDigest } from "./remote/payload-file.ts";
import { pushFrames, pushUnit } from "./remote/push-unit.ts";
import type { Ended } from "./remote/twin-ending.ts";
import { parseWorkJson, parseWorkText, type WorkRequest } from "./requests.ts";
import { attemptsOf, isOwnName } from "./rules/attempts.ts";
import { listable, permit } from "./rules/permission.ts";
import { WorkRules } from "./rules/work-rules.ts";
import { RequestChecker } from "./signature/request-checker.ts";
import type { WorkSignatures } from "./signature/signatures.ts";
import { checkSignature } from "./signature-check.ts";
import type { Unit } from "./unit/unit.ts";
import type { Units } from "./units.ts";

type SubmitRequest = Extract<WorkRequest, { kind: "submit" }>;
type OrderRequest = Extract<WorkRequest, { kind: "order" }>;
type StreamRequest = Extract<WorkRequest, { kind: "results" | "attach" }>;

/** What requests about work are answered from. */
interface Desk {
  readonly units: Units;
  readonly nodeId: string;
  readonly signatures: Pick<WorkSignatures, "check">;
  readonly rules: WorkRules;
}

/**
 * The control command `work` over the units of this node (spec §1.8 to §1.12, and docs/wire/remote-work.md).
 *
 * @param signatures without any, work that has to be signed is taken over Unix sockets only.
 * @param rules who may do what, looked at before anything else; without any, everybody may do everything.
 */
export function workCommand(
  units: Units,
  nodeId: string,
  signatures: Pick<WorkSignatures, "check"> = noKeys(nodeId),
  rules: WorkRules = new WorkRules(),
): ControlCommand {
  const desk = { units, nodeId, signatures, rules };
  return {
    name: "work",
    parseText: (rest) => ({ work: parseWorkText(rest) }),
    parseJson: (request) => ({ work: parseWorkJson(request) }),
    run: (request, session) => runWork(desk, request["work"] as WorkRequest, session),
  };
}

function noKeys(nodeId: string): Pick<WorkSignatures, "check"> {
  return new RequestChecker({
    nodeId,
    publicKey: undefined,
    orders: undefined,
    requireOrder: false,
    clock: systemClock,
  });
}

async function runWork(
  desk: Desk,
  request: WorkRequest,
  session: ControlSession,
): Promise<JsonObject | "close" | "open"> {
  const { units, nodeId, rules } = desk;
  for (const attempt of attemptsOf(units, nodeId, request)) permit(rules, session, attempt);
  switch (request.kind) {
    case "submit":
      return submit(desk, request, session);
    case "order":
      return order(desk, request, session);
    case "withdraw":
      return units.orders.withdraw(request.unitId, request.token);
    case "list":
      return request.unitId
        ? { [request.unitId]: units.get(request.unitId).report() }
        : units.list(listable(rules, session));
    case "status":
      return { ...units.get(request.unitId).report() };
    case "cancel":
      await checked(desk, request, session);
      return endedReply(await units.cancel(request.unitId, session.signal), "cancelled", "cancel", request.unitId);
    case "release":
    case "force-release": {
      await checked(desk, request, session);
      const force = request.kind === "force-release";
      const ended = await units.release(request.unitId, { force, signal: session.signal });
      return endedReply(ended, "released", "release", request.unitId);
    }
    case "results":
    case "attach":
      await checked(desk, request, session);
      return stream(units, request, session);
  }
}

/** A signature for a request without payload has nothing left to wait for. */
async function checked(
  desk: Desk,
  request: Parameters<typeof checkSignature>[2] & { readonly unitId: string },
  session: ControlSession,
): Promise<void> {
  const unit = desk.units.get(request.unitId);
  const verification = await checkSignature(desk.units, desk.signatures, request, session);
  await verification.finish();
  // Meanwhile it may have gone, and another may have taken its id: nobody has looked at that one.
  if (desk.units.get(request.unitId) !== unit) {
    throw new WorkError("UNIT_NOT_FOUND", `unknown work unit ${request.unitId}`);
  }
}

/** Spec §1.11. */
function endedReply(ended: Ended, done: string, word: string, unitId: string): JsonObject {
  return { [ended === "done" ? done : `${word} pending`]: unitId };
}

async function submit(desk: Desk, request: SubmitRequest, session: ControlSession): Promise<JsonObject> {
  const { units } = desk;
  const verification = await checkSignature(units, desk.signatures, request, session);
  const unit = allocate(desk, request);
  await units.receive(unit, announcedPayload(unit.id, session));
  try {
    const { coversPayload } = verification;
    await verification.finish(coversPayload ? (await payloadDigest(unit.folder.stdin)).sha256 : undefined);
  } catch (error) {
    await units.refuse(unit, error);
    throw error;
  }
  const started = await units.start(unit);
  return { result: started ? "Job Started" : "Job Submitted", unitid: unit.id };
}

function allocate({ units, nodeId }: Desk, request: SubmitRequest): Unit {
  const { node, workType, params, wantedId, ttl } = request;
  if (!isOwnName(node, nodeId)) return units.allocateRemote(request);
  if (ttl) throw new WorkError("REQUEST_INVALID", "ttl option is intended for remote work only");
  return units.allocate({ workType, params, ...(wantedId && { wantedId }) });
}

async function order(desk: Desk, request: OrderRequest, session: ControlSession): Promise<JsonObject | "open"> {
  if (request.node !== desk.nodeId) throw new WorkError("REQUEST_INVALID", `an order for node ${request.node}`);
  const verification = await checkSignature(desk.units, desk.signatures, request, session);
  // What the payload will be is known already: one that was not signed gets no unit.
  await verification.finish(request.order.sha256);
  const reply = await desk.units.orders.take(request.order, verification, session);
  const unit = request.follow ? followable(desk, request, session) : undefined;
  return unit ? follow(desk.units, unit, reply, session) : reply;
}

/** Who has just proven that the order is his needs no second signature for what comes of it, but rules hold for both. */
function followable({ units, nodeId, rules }: Desk, { order }: OrderRequest, session: ControlSession) {
  const { unitId } = order;
  try {
    for (const attempt of attemptsOf(units, nodeId, { kind: "attach", unitId, startPos: 0 })) {
      permit(rules, session, attempt);
    }
    return units.get(unitId);
  } catch {
    // Refused, or gone already: it is started all the same, and who asks to follow it hears why not.
    return undefined;
  }
}

/** Push a unit to the node that ordered it. Behind the last frame that node may go on with other requests. */
async function follow(units: Units, unit: Unit, reply: JsonObject, session: ControlSession): Promise<"open"> {
  await session.writeLine(JSON.stringify({ ...reply, following: true }));
  await pushFrames(unit, (signal) => units.results(unit, 0, signal), session, session.signal);
  return "open";
}

/** A client that is gone before it hears the id is a payload that never came: the unit must not wait for it. */
async function* announcedPayload(id: string, session: ControlSession): AsyncGenerator<Uint8Array> {
  await session.writeLine(`Work unit created with ID ${id}. Send stdin data and EOF.`);
  yield* session.payload();
}

async function stream(units: Units, request: StreamRequest, session: ControlSession): Promise<"close"> {
  const unit = units.get(request.unitId);
  if (request.kind === "attach") {
    await pushUnit(unit, (signal) => units.results(unit, request.startPos, signal), session);
    return "close";
  }
  // Raw already, so that no error can follow it: whatever does is taken for output.
  await session.write(Buffer.from(`Streaming results for work unit ${unit.id}\n`));
  for await (const chunk of units.results(unit, request.startPos, session.signal)) await session.write(chunk);
  return "close";
}
