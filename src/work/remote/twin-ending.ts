import { errorText, systemCode, timeLimit } from "#core";
import { WorkError } from "../errors.ts";
import { within } from "./connect-node.ts";
import { withdrawOrder } from "./farhand-start.ts";
import type { TwinLink } from "./mirror-context.ts";
import { isGone } from "./troubles.ts";

/** What can be asked of the other node. */
export type EndingWord = "cancel" | "release";

/** Done, or noted until the other node can be reached. */
export type Ended = "done" | "pending";

/** Dropping something of no use to anybody is not worth waiting long. */
const dropMs = 15_000;

/**
 * Tell the other node to end or to release the twin, once (spec §2.7.5). A twin that is gone is as well ended.
 *
 * @throws {WorkError} `REMOTE_REFUSED` when it answers that it will not; anything else is worth another try.
 */
export async function endTwin(link: TwinLink, word: EndingWord, signal: AbortSignal): Promise<void> {
  const { record } = link;
  const control = await link.connect(signal);
  try {
    const { RemoteUnitID: unitid, RemoteWorkType: workType } = record.data;
    const peer = record.twin.Protocol ?? "receptor";
    const signed = await link.signature({ operation: word, unitId: unitid, workType }, peer);
    // No limit: the answer comes when everything has ended, which may take as long as its grace.
    const reply = await control.call({ command: "work", subcommand: word, unitid, ...signed });
    if ("release pending" in reply) throw new WorkError("NODE_UNREACHABLE", "the unit is not released there yet");
  } catch (error) {
    if (isGone(error)) return;
    if (systemCode(error) !== "REMOTE_ERROR") throw error;
    throw new WorkError("REMOTE_REFUSED", `error cancelling remote unit: ${errorText(error)}`, { cause: error });
  } finally {
    control.close();
  }
}

/**
 * Take back a twin that has never started and never will. It would be found out over there sooner or later; this only
 * makes it sooner, so nothing depends on it.
 *
 * @param unitId its id over there; nothing is asked without one.
 * @param stop when given, it is tried until it is heard, for a while; otherwise once.
 */
export async function dropTwin(
  link: TwinLink,
  unitId = link.record.data.RemoteUnitID,
  stop?: AbortSignal,
): Promise<void> {
  if (unitId === "") return;
  const limit = timeLimit(dropMs);
  const signal = stop ? AbortSignal.any([stop, limit]) : limit;
  const backoff = link.backoff();
  for (;;) {
    try {
      return await link.context.inTurn(() => dropOnce(link, unitId, signal));
    } catch (error) {
      if (!stop || isAnswer(error) || signal.aborted) return notTakenBack(link, unitId, error);
    }
    await backoff.wait(signal).catch(() => undefined);
  }
}

async function dropOnce(link: TwinLink, unitId: string, signal: AbortSignal): Promise<void> {
  if (link.record.twin.Protocol === "receptor") return await endTwin(link, "release", signal);
  const lease = await link.lease(signal, { fresh: false });
  try {
    await within(dropMs, lease.control, withdrawOrder(link, unitId, lease.control));
    lease.giveBack();
  } catch (error) {
    if (isAnswer(error)) lease.giveBack();
    else lease.close();
    throw error;
  }
}

/** It was heard, and will not do it, or knows of nothing. */
function isAnswer(error: unknown): boolean {
  return ["REMOTE_ERROR", "REMOTE_REFUSED"].includes(systemCode(error) ?? "");
}

function notTakenBack({ record, context }: TwinLink, unitId: string, error: unknown): void {
  const fields = { node: record.data.RemoteNode, error: errorText(error) };
  context.log.info(`unit ${unitId}, which did not start, was not taken back`, fields);
}
