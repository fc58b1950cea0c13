import type { ControlClient, JsonObject } from "#control";
import { errorText, systemCode } from "#core";
import { WorkError } from "../errors.ts";
import { within } from "./connect-node.ts";
import { couldNotParse } from "./farhand-start.ts";
import type { TwinLink } from "./mirror-context.ts";
import { payloadDigest, payloadFrom, whileTaken } from "./payload-file.ts";

const answerMs = 60_000;

/**
 * Give the work to a Receptor node (spec §2.7.4).
 *
 * @throws {WorkError} `REMOTE_REFUSED`; anything else is worth another try, for nothing has started.
 */
export async function submitToReceptor(link: TwinLink, control: ControlClient): Promise<void> {
  const { record } = link;
  await dropEarlier(link, control);
  const line = await within(answerMs, control, control.callLine(await submitLine(link))).catch(asRefusal);
  const RemoteUnitID = /with ID ([a-zA-Z0-9]{1,255})\./.exec(line)?.[1];
  if (RemoteUnitID === undefined) throw couldNotParse(line);
  // Before the payload: whatever happens from here on, it is known which unit over there it happened to.
  await record.keep({ RemoteUnitID }, { Twin: { ...record.twin, Protocol: "receptor" } });
  await sendPayload(link, control);
  await record.keep({ RemoteStarted: true });
}

async function submitLine(link: TwinLink): Promise<JsonObject> {
  const { RemoteNode: node, RemoteWorkType: workType, RemoteParams: params, TLSClient } = link.record.data;
  const payloadSha256 = async () => (await payloadDigest(link.unit.folder.stdin)).sha256;
  const facts = { operation: "submit", unitId: "", workType, params, payloadSha256 } as const;
  return {
    ...params,
    command: "work",
    subcommand: "submit",
    node,
    worktype: workType,
    tlsclient: TLSClient,
    ...(await link.signature(facts, "receptor")),
  };
}

/** A unit whose payload broke off never started. It is of no use to anybody, and nobody but us knows of it. */
async function dropEarlier(link: TwinLink, control: ControlClient): Promise<void> {
  const { RemoteUnitID: unitid, RemoteWorkType: workType } = link.record.data;
  if (unitid === "") return;
  const signed = await link.signature({ operation: "release", unitId: unitid, workType }, "receptor");
  const request = { command: "work", subcommand: "release", unitid, ...signed };
  await within(answerMs, control, control.call(request)).catch((error: unknown) => {
    if (systemCode(error) !== "REMOTE_ERROR") throw error;
  });
}

async function sendPayload(link: TwinLink, control: ControlClient): Promise<void> {
  const { record } = link;
  const source = async function* () {
    yield* whileTaken(payloadFrom(link.unit.folder.stdin, 0), link.clock, control);
    // The end of the stream is the word to start: from here on it may run, whether we hear of it or not.
    await record.keep({}, { Twin: { ...record.twin, Sent: true } });
  };
  try {
    await control.sendPayload(source());
    await within(answerMs, control, control.readJson());
  } catch (error) {
    if (systemCode(error) === "REMOTE_ERROR") {
      throw new WorkError("REMOTE_REFUSED", `error from remote: ${errorText(error).slice(0, 1_000)}`, { cause: error });
    }
    // Its status will say whether it started.
    if (!record.twin.Sent) throw error;
  }
}

function asRefusal(error: unknown): never {
  throw systemCode(error) === "REMOTE_ERROR" ? couldNotParse(`ERROR: ${errorText(error)}`) : error;
}
