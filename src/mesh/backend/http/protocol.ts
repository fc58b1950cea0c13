import { MeshError } from "../../errors.ts";

/** The words of the long-poll protocol (docs/wire/http-backend.md). */
export const batchType = "application/vnd.farhand.mesh";
/** The id of a session, a secret: never in an address, where proxies log it. */
export const sessionHeader = "farhand-session";
/** What the poller has received, in decimal. */
export const ackHeader = "farhand-ack";
/** Counts the polls of a session, in the query: no cache can answer one, and an old one is known. */
export const pollParameter = "poll";

/** What a listener says at the opening of a session. */
export interface Opening {
  /** 128 bits at random, in hex. */
  readonly session: string;
  /** A poll is answered after this long, with or without messages, milliseconds. */
  readonly holdMs: number;
  /** A client that says nothing for so long has lost its session, milliseconds. */
  readonly silenceMs: number;
}

/** @throws {MeshError} `DIAL_FAILED` when the answer was given by something else than a Farhand. */
export function decodeOpening(body: Uint8Array): Opening {
  const { session, holdMs, silenceMs } = parseObject(body);
  if (typeof session !== "string" || !/^[0-9a-f]{32}$/.test(session)) throw stranger("session");
  return { session, holdMs: milliseconds("holdMs", holdMs), silenceMs: milliseconds("silenceMs", silenceMs) };
}

/** A whole number of a header or a query; undefined when it is none. */
export function parseNumber(text: unknown): number | undefined {
  return typeof text === "string" && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

function parseObject(body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString());
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw stranger("body");
}

/** Between a tenth of a second and a day. */
function milliseconds(name: string, value: unknown): number {
  if (typeof value === "number" && value >= 100 && value <= 86_400_000) return value;
  throw stranger(name);
}

function stranger(what: string): MeshError {
  return new MeshError("DIAL_FAILED", `the answer is not one of a Farhand http-listener: its ${what} is none`);
}
