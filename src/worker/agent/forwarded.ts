import { randomUUID } from "node:crypto";
import type { Log } from "#core";
import {
  type Caller,
  dispatch,
  FleetError,
  type Forwarded,
  ForwardedBody,
  type ForwardedResult,
  type MethodTable,
  RemoteError,
} from "#fleet";
import type { Askers } from "./askers.ts";
import { type Asking, factorNeeded, faultOfFactor } from "./askers-factor.ts";

/** A request of a user, checked. */
export interface AskedFor extends ForwardedBody {
  readonly caller: Asking;
}

/**
 * Who asks for what, if it is as the server sent it (CAT-62).
 *
 * @param streams the request opens a stream.
 * @throws {FleetError} ASSERTION_INVALID, ASSERTION_STALE, MESSAGE_INVALID.
 */
export function askedFor({ assertion, body }: Forwarded, askers: Askers, { streams = false } = {}): AskedFor {
  const asked = bodyOf(body);
  const caller = askers.check(assertion, streams ? "stream.open" : asked.method, body);
  return { ...asked, caller };
}

/** Run a forwarded request through the worker's one method table. */
export async function runForwarded(
  said: Forwarded,
  { table, askers, log, signal }: { table: MethodTable; askers: Askers; log: Log; signal: AbortSignal },
): Promise<ForwardedResult> {
  const { method, params, caller } = askedFor(said, askers);
  const lacking = factorNeeded(caller, table.get(method)?.method.level ?? "none", method);
  const call = { id: randomUUID(), method, params, signal };
  const outcome = lacking ? { fault: faultOfFactor(lacking) } : await dispatch(table, call, caller, log);
  const verdict = "fault" in outcome ? outcome.fault.code : "done";
  log.info(`${method} for ${caller.name}`, { ...identityOf(caller), verdict });
  if ("fault" in outcome) throw new RemoteError(outcome.fault);
  return { result: outcome.result ?? null };
}

/** Who asked, for a line of the log: `jti` is in the server's audit as well (CAT-63). */
export function identityOf({ level, session, request: jti, source }: Caller) {
  return { level, session, jti, ...(source !== undefined && { source }) };
}

/** Before the assertion is checked it is anybody's text. */
function bodyOf(body: string): ForwardedBody {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new FleetError("MESSAGE_INVALID", "what was forwarded is no JSON");
  }
  const parsed = ForwardedBody.safeParse(value);
  if (!parsed.success) throw new FleetError("MESSAGE_INVALID", "what was forwarded is no request");
  return parsed.data;
}
