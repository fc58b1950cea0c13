import type { IncomingMessage } from "node:http";
import { FleetError } from "#fleet";
import { WorkerError } from "../errors.ts";
import { helperTokenPrefix, type HelperTokens } from "../loops/helper-tokens.ts";
import type { PasswordSessions } from "./password-sessions.ts";
import { cookieToken } from "./request-rules.ts";
import { type AssertedUser, Visitor } from "./visitor.ts";

/**
 * Checks an assertion that came with a request (CAT-62).
 *
 * @param text of the header `X-Assertion`. @param body exactly as it came.
 * @throws {FleetError} ASSERTION_INVALID, ASSERTION_STALE.
 */
export type CheckAssertion = (text: string, method: string, body: Uint8Array) => AssertedUser;

/** What the HTTP port knows visitors by. */
export interface HttpVisitors {
  readonly isTls: boolean;
  readonly sessions: PasswordSessions;
  /** Absent while the worker is registered with no server. */
  readonly checkAssertion: CheckAssertion | undefined;
  /** Absent where no run loops are. */
  readonly helperTokens?: Pick<HelperTokens, "find"> | undefined;
}

/**
 * Who sends a request, by its token if it shows one. A token that is none (any more) is refused, not ignored: whoever
 * shows one wants to be more than a stranger.
 *
 * @param way `https` or `websocket`, for logs.
 * @throws {WorkerError} LOGIN_NEEDED.
 */
export function httpVisitor(request: IncomingMessage, way: string, visitors: HttpVisitors): Visitor {
  const { isTls, sessions } = visitors;
  const visitor = new Visitor(isTls ? "https" : "http", way, sourceOf(request));
  const token = tokenOf(request);
  if (token === undefined) return withVersion(visitor, request);
  if (token.startsWith(helperTokenPrefix)) return withHelper(visitor, token, visitors);
  const session = sessions.find(token);
  if (!session) throw new WorkerError("LOGIN_NEEDED", "the session has ended, or there never was one (CAT-22)");
  visitor.enter(session);
  return withVersion(visitor, request);
}

/** A helper's tasks take a connection that lasts, and its token is for no ears but ours. */
function withHelper(visitor: Visitor, token: string, { isTls, helperTokens }: HttpVisitors): Visitor {
  if (!isTls) throw new WorkerError("HELPER_REFUSED", "a helper's token is taken over TLS only");
  if (visitor.way !== "websocket") throw new WorkerError("HELPER_REFUSED", "helpers come by the WebSocket /rpc/stream");
  visitor.helper = helperTokens?.find(token);
  if (visitor.helper) return visitor;
  throw new WorkerError("HELPER_REFUSED", "the helper's token has expired or was revoked, or there never was one");
}

/** The visitor that the assertion of a request stands for. @throws {FleetError} ASSERTION_INVALID, ASSERTION_STALE. */
export function assertedVisitor(
  request: IncomingMessage,
  { isTls, checkAssertion }: HttpVisitors,
  method: string,
  body: Uint8Array,
): Visitor {
  const text = request.headers["x-assertion"];
  if (!checkAssertion || typeof text !== "string")
    throw new FleetError("ASSERTION_INVALID", "the assertion is refused: this worker is registered with no server");
  const user = checkAssertion(text, method, body);
  return new Visitor(isTls ? "https" : "http", "forwarded", sourceOf(request), user);
}

function tokenOf({ headers }: IncomingMessage): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined) return cookieToken(headers.cookie);
  const token = /^Bearer ([\w.$=+/,-]{1,200})$/i.exec(authorization)?.[1];
  if (token === undefined) throw new WorkerError("LOGIN_NEEDED", "the Authorization is not `Bearer` with a token");
  return token;
}

/** Requests stand alone: the version a manager speaks may come with each (CAT-20). */
function withVersion(visitor: Visitor, { headers }: IncomingMessage): Visitor {
  const major = /^(\d{1,6})(?:\.\d{1,6})?$/.exec(String(headers["x-farhand-api"] ?? ""))?.[1];
  if (major !== undefined) visitor.peerMajor = Number(major);
  return visitor;
}

/** The address the connection came from; what a header says of it is worth nothing here. */
function sourceOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? "unknown";
}
