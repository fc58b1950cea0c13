import { MonitorError } from "../errors.ts";

/** The subprotocol in which the first message is a JSON object. Without it, that is a channel's id, whatever it looks like. */
export const subprotocol = "farhand.progress";

/** What a viewer asks for. */
export interface Subscription {
  readonly channel: string;
  /** Position of the first message it wants. */
  readonly from: number;
  readonly token: string | undefined;
}

/** What the address already says: `?from=N` and `?token=T`. */
export interface Asked {
  readonly from: number;
  readonly token: string | undefined;
}

/** Longest id of a channel, in bytes. */
export const longestId = 1_024;

/** What the query of a request says; other parameters mean nothing. @throws {MonitorError} `SUBSCRIPTION_INVALID` */
export function readQuery(target: string): Asked {
  const at = target.indexOf("?");
  const query = new URLSearchParams(at < 0 ? "" : target.slice(at));
  const from = query.get("from");
  return { from: from === null ? 0 : positionOf(from), token: query.get("token") ?? undefined };
}

/** What the first message says. @throws {MonitorError} `SUBSCRIPTION_INVALID` */
export function readFirstMessage(text: string, isObject: boolean, asked: Asked): Subscription {
  if (!isObject) return { channel: idOf(text), ...asked };
  const said = objectIn(text);
  const { channel, from = asked.from, token = asked.token } = said;
  if (typeof channel !== "string") throw invalid("`channel` must be a text");
  if (token !== undefined && typeof token !== "string") throw invalid("`token` must be a text");
  if (typeof from !== "number" || !Number.isSafeInteger(from) || from < 0) throw invalid("`from` must be a position");
  const unknown = Object.keys(said).find((name) => name !== "channel" && name !== "from" && name !== "token");
  if (unknown !== undefined) throw invalid(`\`${unknown.slice(0, 40)}\` means nothing`);
  return { channel: idOf(channel), from, token };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said === "object" && said !== null && !Array.isArray(said)) return said as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw invalid("the first message must be a JSON object");
}

function idOf(text: string): string {
  if (Buffer.byteLength(text) > longestId) throw invalid(`the channel's id is longer than ${longestId} bytes`);
  return text;
}

function positionOf(text: string): number {
  const position = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(position)) throw invalid("`from` must be a position");
  return position;
}

function invalid(why: string): MonitorError {
  return new MonitorError("SUBSCRIPTION_INVALID", why);
}
