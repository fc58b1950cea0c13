import { errorText, systemCode } from "#core";
import { UnitState } from "../wire.ts";
import { Expiry } from "./expiry.ts";
import { giveOrder } from "./farhand-start.ts";
import type { TwinLink } from "./mirror-context.ts";
import type { Lease } from "./node-connections.ts";
import { submitToReceptor } from "./receptor-start.ts";
import { expiryOf } from "./remote-data.ts";
import { goneEnding, InvalidAnswer, isGone } from "./troubles.ts";

const mostInvalid = 5;

/** How an attempt went: `pending` when the node was not reached, an error when it was and refused. */
export type Attempted = "started" | "pending" | Error;

/** A twin that is started. */
export interface Started {
  /** Over this connection it is pushed already. */
  readonly following?: Lease;
}

/**
 * Try until the twin is started, the node refuses, or the ttl is over (spec §2.7.3, §2.7.6).
 *
 * @param told hears of every attempt.
 * @returns undefined when it is not started; the mirror is final then.
 * @throws the reason of `signal`.
 */
export async function startTwin(
  link: TwinLink,
  told: (outcome: Attempted) => void,
  signal: AbortSignal,
): Promise<Started | undefined> {
  const { record } = link;
  const { clock } = link;
  const mayHaveStarted = () => record.mayHaveStarted;
  const expiry = new Expiry({ clock, at: expiryOf(record.data), mayHaveStarted, signal });
  const backoff = link.backoff();
  let invalid = 0;
  try {
    for (;;) {
      try {
        const started = await startOnce(link, expiry);
        told("started");
        return started;
      } catch (error) {
        signal.throwIfAborted();
        if (isGone(error)) {
          await record.finish(goneEnding);
          told("pending");
          return undefined;
        }
        if (error instanceof InvalidAnswer) invalid++;
        const refused = invalid >= mostInvalid || isRefusal(error);
        if (refused || (isTlsTrouble(error) && !record.mayHaveStarted)) {
          await fail(link, error, refused);
          told(refused ? (error as Error) : "pending");
          return undefined;
        }
        // Heard and lost again is another thing than out of reach: what was sent is kept, so it goes on soon.
        if (record.twin.Protocol === "farhand" && systemCode(error) === "CONNECTION_LOST") backoff.reset();
        record.show({ Detail: `Waiting for node ${record.data.RemoteNode}: ${errorText(error)}`.slice(0, 1_000) });
      }
      told("pending");
      if (!expiry.isOver) await backoff.wait(expiry.signal).catch(() => signal.throwIfAborted());
      if (expiry.isOver) {
        await record.finish({ State: UnitState.Failed, Detail: expiry.text, Cause: "TTL_EXPIRED" });
        return undefined;
      }
    }
  } finally {
    expiry.stop();
  }
}

async function startOnce(link: TwinLink, expiry: Expiry): Promise<Started> {
  const { record } = link;
  // The end of the payload was the word to start: given to a Receptor node again, the work would be done again.
  if (record.twin.Sent && record.twin.Protocol === "receptor") {
    await record.keep({ RemoteStarted: true });
    return {};
  }
  for (let fresh = false; ; fresh = true) {
    const lease = await link.lease(expiry.signal, { fresh });
    try {
      // A node that is heard is asked to the end: what has begun to start cannot expire.
      expiry.hold();
      return await startOver(link, lease);
    } catch (error) {
      lease.close();
      if (!lease.isUsed || systemCode(error) !== "CONNECTION_LOST") throw error;
    } finally {
      expiry.resume();
    }
  }
}

/** Start it over a connection, which stays open only where the twin is followed over it. */
async function startOver(link: TwinLink, lease: Lease): Promise<Started> {
  const { record, context } = link;
  const { RemoteNode: node } = record.data;
  const isReceptor = context.peers.isReceptor(node) && record.twin.Protocol !== "farhand";
  const ordered = isReceptor ? "unknown" : await giveOrder(link, lease);
  if (ordered === "following") return { following: lease };
  if (ordered === "unknown") {
    context.peers.foundReceptor(node);
    await submitToReceptor(link, lease.control);
  }
  lease.close();
  return {};
}

async function fail({ record }: TwinLink, error: unknown, isRefused: boolean): Promise<void> {
  const text = errorText(error).slice(0, 1_000);
  await record.finish(
    isRefused
      ? { State: UnitState.Failed, Detail: `Error starting worker: ${text}`, Cause: "REMOTE_REFUSED" }
      : { State: UnitState.Failed, Detail: text, Cause: "TLS_REFUSED" },
  );
}

function isRefusal(error: unknown): boolean {
  return ["REMOTE_REFUSED", "SIGNING_KEY_UNUSABLE"].includes(systemCode(error) ?? "");
}

function isTlsTrouble(error: unknown): boolean {
  return systemCode(error) === "REMOTE_TLS_REFUSED";
}
