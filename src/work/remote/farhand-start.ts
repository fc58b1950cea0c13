import type { ControlClient, JsonObject } from "#control";
import { errorText, systemCode } from "#core";
import { WorkError } from "../errors.ts";
import { outputSize } from "../unit/output.ts";
import { newUnitId } from "../unit/unit-id.ts";
import { within } from "./connect-node.ts";
import type { TwinLink } from "./mirror-context.ts";
import type { Lease } from "./node-connections.ts";
import { decodeAccepted, startLine } from "./order-wire.ts";
import { payloadDigest, payloadFrom, whileTaken } from "./payload-file.ts";
import { InvalidAnswer, isUnknownSubcommand } from "./troubles.ts";

/** An order is accepted at once; its start waits for a process, or for a place of the work type. */
const acceptMs = 60_000;
/** So long over a connection that may be dead: it is given again over another. */
const acceptUsedMs = 3_000;
const mostIds = 5;

/**
 * What became of an order: the far end knows none, so that it has to be asked in Receptor's words; or it is started, and
 * perhaps pushed over the same connection from here on.
 */
export type Ordered = "unknown" | "started" | "following";

/**
 * Give the work to a Farhand node. Giving it again, because an answer was lost, finds the same unit and never starts a
 * second one.
 *
 * @throws {WorkError} `REMOTE_REFUSED`; anything else is worth another try.
 */
export async function giveOrder(link: TwinLink, { control, isUsed }: Lease): Promise<Ordered> {
  const { record } = link;
  const limitMs = isUsed ? acceptUsedMs : acceptMs;
  if (record.twin.Sent) await findTwin(link, control, limitMs);
  const payload = await payloadDigest(link.unit.folder.stdin);
  for (let tries = 0; tries < mostIds; tries++) {
    const unitId = record.data.RemoteUnitID || (tries === 0 ? link.unit.id : newUnitId());
    let line: string;
    try {
      line = await within(limitMs, control, control.callLine(await orderLine(link, unitId, payload)));
    } catch (error) {
      if (isUnknownSubcommand(error)) return "unknown";
      // Before any answer came the id is free to be changed; later it is ours, and somebody else has it.
      if (/^unit ID \S+ is taken$/.test(errorText(error)) && !record.data.RemoteUnitID) continue;
      throw refusal(error);
    }
    const accepted = decodeAccepted(line, payload.bytes);
    if (accepted?.unitid !== unitId) throw couldNotParse(line);
    record.learn({ RemoteUnitID: unitId }, { Twin: { ...record.twin, Protocol: "farhand" } });
    const { following } = await sendRest(link, control, accepted.from);
    record.learn({ RemoteStarted: true }, { Detail: "Started on the remote node" });
    return following === true ? "following" : "started";
  }
  throw new WorkError("REMOTE_REFUSED", "every unit ID is taken on the remote node");
}

/**
 * Work that may have run is given again only to the unit it was given to. Where that one is gone, the same order would
 * make another.
 *
 * @throws {ControlError} `REMOTE_ERROR` when it is gone.
 */
async function findTwin(link: TwinLink, control: ControlClient, limitMs: number): Promise<void> {
  const request = { command: "work", subcommand: "status", unitid: link.record.data.RemoteUnitID };
  await within(limitMs, control, control.call(request));
}

async function orderLine(
  link: TwinLink,
  unitId: string,
  { bytes, sha256 }: { bytes: number; sha256: string },
): Promise<JsonObject> {
  const { RemoteNode: node, RemoteWorkType: workType, RemoteParams: params } = link.record.data;
  const facts = { operation: "submit", unitId, workType, params } as const;
  return {
    command: "work",
    subcommand: "order",
    node,
    worktype: workType,
    params,
    workUnitID: unitId,
    token: link.record.twin.Token,
    bytes,
    sha256,
    // What is pushed begins with the first byte.
    follow: outputSize(link.unit.folder.stdout) === 0,
    ...(await link.signature({ ...facts, payloadSha256: () => Promise.resolve(sha256) }, "farhand")),
  };
}

/** The payload behind what is there already, then the word to start, then the answer to it. */
async function sendRest(link: TwinLink, control: ControlClient, from: number): Promise<JsonObject> {
  const { record } = link;
  const source = async function* () {
    yield* whileTaken(payloadFrom(link.unit.folder.stdin, from), link.clock, control);
    // From here on it may run over there, whether we hear of it or not. Not flushed: see Mirror.resume().
    await record.noteSent();
    yield Buffer.from(startLine);
  };
  try {
    await control.send(source());
    return await control.readJson();
  } catch (error) {
    // What came in pieces over several connections may have a piece missing: then all of it is sent anew.
    if (from > 0 && errorText(error).includes("payload")) throw new InvalidAnswer(errorText(error), { cause: error });
    throw refusal(error);
  }
}

/** In Receptor's words, whatever the far end is (spec §2.7.4). */
export function couldNotParse(line: string): WorkError {
  return new WorkError("REMOTE_REFUSED", `could not parse response: ${line.slice(0, 1_000)}`);
}

/** An answer that is an error is a refusal; an answer that did not come may yet come. */
function refusal(error: unknown): unknown {
  if (systemCode(error) === "REMOTE_ERROR") return couldNotParse(`ERROR: ${errorText(error)}`);
  return error;
}

/** Take back an order that cannot have started. Only the token proves that it is ours. @throws when it cannot be. */
export async function withdrawOrder(link: TwinLink, workUnitID: string, control: ControlClient): Promise<void> {
  const request = { command: "work", subcommand: "withdraw", workUnitID, token: link.record.twin.Token };
  await within(acceptMs, control, control.call(request));
}
