import type { JsonObject } from "./envelope.ts";
import { FleetError } from "./errors.ts";

/** How far one side has got with what the other sent. */
export interface Progress {
  /** Number of the last message that came. What has a number up to this need not be kept any more. */
  readonly received: number;
  /** How many calls and events of them were begun (or taken back): they do not fill the window any more. */
  readonly begun: number;
}

/** What a side says first on every stream: who it is, whom it knows, and how far it has got. */
export interface SessionState extends Progress {
  /** Id of its run, new with every start. */
  readonly session: string;
  /** The session of the other side that it knows, and that its progress is about. */
  readonly peer: string | null;
}

/** What a side knows when the other's {@link SessionState} arrives. */
export interface Acquaintance {
  readonly session: string;
  readonly peer: string | null;
  /** Whether something came that the other can only have sent when it knew our session. */
  readonly isKnown: boolean;
}

/**
 * Whether the other side is the one we spoke with before, and still knows it. When not, both start again at 1: the other
 * comes to the same conclusion from what we said, or has just been started.
 */
export function meetingOf(own: Acquaintance, said: SessionState): "first" | "resumed" | "restarted" {
  if (own.peer === null) return "first";
  if (said.session !== own.peer) return "restarted";
  // Null is what it says that has never heard us: the stream was cut before our first words came through.
  const knowsUs = said.peer === own.session || (said.peer === null && !own.isKnown);
  return knowsUs ? "resumed" : "restarted";
}

export const sessionVersion = 1;

export function sessionParams(state: SessionState): JsonObject {
  return { version: sessionVersion, ...state };
}

/** @throws {FleetError} CONVERSATION_BROKEN */
export function parseSession(params: JsonObject): SessionState {
  if (params["version"] !== sessionVersion)
    throw broken(`it speaks version ${JSON.stringify(params["version"])?.slice(0, 20)}, not ${sessionVersion}`);
  const { session, peer } = params;
  if (!hasJust(params, ["version", "session", "peer", "received", "begun"]))
    throw broken("its first words are not valid");
  if (!isSession(session) || !(peer === null || isSession(peer))) throw broken("its session is not valid");
  return { session, peer, ...progressOf(params) };
}

/** @throws {FleetError} CONVERSATION_BROKEN */
export function parseAck(params: JsonObject): Progress {
  if (!hasJust(params, ["received", "begun"])) throw broken("an ack is not valid");
  return progressOf(params);
}

function progressOf({ received, begun }: JsonObject): Progress {
  if (!isCount(received) || !isCount(begun)) throw broken("its numbers are not valid");
  return { received, begun };
}

/** An error for what the other side may not do. */
export function broken(why: string): FleetError {
  return new FleetError("CONVERSATION_BROKEN", `the other side breaks the rules of the conversation: ${why}`);
}

const isSession = (value: unknown): value is string => typeof value === "string" && /^[\w-]{1,64}$/.test(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function hasJust(params: JsonObject, names: readonly string[]): boolean {
  return Object.keys(params).length === names.length && names.every((name) => Object.hasOwn(params, name));
}
