/**
 * The fixed envelope of everything that server and worker say to each other, as bytes. No I/O.
 *
 * Source: docs/wire/fleet.md, which holds it byte by byte.
 */
import { FleetError } from "./errors.ts";
import { nestsDeeper } from "./json-depth.ts";

/** Longest message, bytes of JSON without the four of its length (CAT-18). */
export const maxMessageBytes = 1024 * 1024;
/** Deepest nesting of a message, the envelope's own braces included (CAT-18). */
export const maxMessageDepth = 32;
/** What the number of a message takes in it at most: `"sequence":9007199254740991,` */
export const mostNumberBytes = 28;
/** Bytes before every message that say how long it is. */
export const lengthBytes = 4;

/** Any JSON object. Its keys are data, `__proto__` too: read it with `Object.hasOwn` or a schema. */
export type JsonObject = { readonly [key: string]: unknown };

/** An error as JSON-RPC 2.0 has it; the code for programs is the one in `data`. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly code: string; readonly status: number };
}

/** What every message says of itself. */
interface Addressed {
  /** 128 random bits as text: a reply names the call it answers by it (CAT-61). */
  readonly id: string;
  /** Clock of the sender, milliseconds since 1970. */
  readonly time: number;
  /** 1 for the first message of a session, then one more for each; 0 for what is not numbered (`ack`). */
  readonly sequence: number;
  readonly from: string;
  readonly to: string;
  readonly method: string;
}

export interface CallMessage extends Addressed {
  readonly kind: "call";
  readonly params: JsonObject;
  readonly correlation?: string;
}

/** Wants no reply. */
export interface EventMessage extends Addressed {
  readonly kind: "event";
  readonly params: JsonObject;
  /** Id of the message that this one is about. */
  readonly correlation?: string;
}

export interface ReplyMessage extends Addressed {
  readonly kind: "reply";
  /** Id of the call. */
  readonly correlation: string;
  /** One of the two is there. */
  readonly result?: unknown;
  readonly error?: RpcError;
}

/** What the conversation says about itself: `rpc.session` first on a stream, `rpc.ack` from then on. Not numbered. */
export interface AckMessage extends Addressed {
  readonly kind: "ack";
  readonly sequence: 0;
  readonly params: JsonObject;
}

export type Envelope = CallMessage | EventMessage | ReplyMessage | AckMessage;

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** A message that has no number yet. */
export type Draft = Without<Envelope, "sequence">;

/**
 * The JSON of a message but for its number, which it gets when it is first sent.
 *
 * @throws {FleetError} MESSAGE_TOO_LARGE. @throws {TypeError} for what the other side would not take: it would be sent for
 * ever.
 */
export function encodeDraft(draft: Draft): string {
  const wrong = firstInvalid(draft);
  if (wrong !== undefined) throw new TypeError(`"${wrong}" of ${clip(draft.method)} is not valid`);
  const text = JSON.stringify(draft);
  if (nestsDeeper(text, maxMessageDepth)) throw tooLarge(draft, `it nests deeper than ${maxMessageDepth} levels`);
  const bytes = Buffer.byteLength(text) + mostNumberBytes;
  if (bytes > maxMessageBytes) throw tooLarge(draft, `it has ${bytes} bytes, and ${maxMessageBytes} are allowed`);
  return text;
}

/** A whole frame, length and message, of what {@link encodeDraft} gave. */
export function frameOf(draftText: string, sequence: number): Buffer {
  const text = `{"sequence":${sequence},${draftText.slice(1)}`;
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(lengthBytes + length);
  frame.writeUInt32BE(length);
  frame.write(text, lengthBytes);
  return frame;
}

/** A whole frame with a message that has its number. */
export function encodeEnvelope({ sequence, ...draft }: Envelope): Buffer {
  return frameOf(encodeDraft(draft), sequence);
}

/** @param message one message without its length. @throws {FleetError} MESSAGE_INVALID; it says what is wrong with it. */
export function decodeEnvelope(message: Uint8Array): Envelope {
  if (message.length > maxMessageBytes) throw invalid(`it has ${message.length} bytes`);
  const value = parse(message);
  if (!isObject(value)) throw invalid("it is not an object");
  const kind = value["kind"];
  if (!isKind(kind)) throw invalid("its kind is none");
  for (const name of Object.keys(value))
    if (!allowed[kind].includes(name)) throw invalid(`${kind} has no field "${clip(name)}"`);
  for (const name of needed[kind]) if (!Object.hasOwn(value, name)) throw invalid(`${kind} lacks "${name}"`);
  const wrong = firstInvalid(value);
  if (wrong !== undefined) throw invalid(`"${wrong}" is not valid`);
  if (kind === "reply" && Object.hasOwn(value, "result") === Object.hasOwn(value, "error"))
    throw invalid("a reply has either a result or an error");
  if ((kind === "ack") !== (value["sequence"] === 0)) throw invalid("all but acks are numbered from 1 on");
  return value as unknown as Envelope;
}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parse(message: Uint8Array): unknown {
  let json: string;
  try {
    json = text.decode(message);
  } catch {
    throw invalid("it is not UTF-8");
  }
  if (nestsDeeper(json, maxMessageDepth)) throw invalid(`it nests deeper than ${maxMessageDepth} levels`);
  try {
    return JSON.parse(json);
  } catch {
    throw invalid("it is not JSON");
  }
}

type Kind = Envelope["kind"];
const always = ["id", "time", "sequence", "from", "to", "kind", "method"] as const;
const needed: Readonly<Record<Kind, readonly string[]>> = {
  call: [...always, "params"],
  event: [...always, "params"],
  reply: [...always, "correlation"],
  ack: [...always, "params"],
};
const allowed: Readonly<Record<Kind, readonly string[]>> = {
  call: [...needed.call, "correlation"],
  event: [...needed.event, "correlation"],
  reply: [...needed.reply, "result", "error"],
  ack: needed.ack,
};

const isKind = (value: unknown): value is Kind => typeof value === "string" && Object.hasOwn(needed, value);
const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isMatch =
  (pattern: RegExp, maxChars: number) =>
  (value: unknown): boolean =>
    typeof value === "string" && value.length <= maxChars && pattern.test(value);

/** Whether a name can stand in the field `method`: words of letters, digits, `_` and `-`, with dots between. */
export const isMethodName = isMatch(/^[a-z][\w-]*(?:\.[a-z][\w-]*)*$/, 100);
// oxlint-disable-next-line no-control-regex -- these are what a name must not hold
const isName = isMatch(/^[^\u0000-\u001f\u007f]+$/, 255);
const isId = isMatch(/^[\w-]+$/, 64);
/** Whether a text can stand for programs as the code of an error. */
export const isErrorCode = isMatch(/^[A-Z][A-Z0-9_]*$/, 64);

const checks: readonly (readonly [name: string, isValid: (value: unknown) => boolean])[] = [
  ["id", isId],
  ["time", isCount],
  ["sequence", isCount],
  ["from", isName],
  ["to", isName],
  ["method", isMethodName],
  ["correlation", isId],
  ["params", isObject],
  ["error", isRpcError],
];

function firstInvalid(message: object): string | undefined {
  const wrong = checks.find(([name, isValid]) => Object.hasOwn(message, name) && !isValid(Reflect.get(message, name)));
  return wrong?.[0];
}

function isRpcError(value: unknown): boolean {
  if (!hasJust(value, ["code", "message", "data"])) return false;
  const { code, message, data } = value;
  if (!Number.isSafeInteger(code) || typeof message !== "string" || !hasJust(data, ["code", "status"])) return false;
  const status = data["status"];
  return isErrorCode(data["code"]) && isCount(status) && (status as number) >= 400 && (status as number) <= 599;
}

function hasJust(value: unknown, names: readonly string[]): value is JsonObject {
  return (
    isObject(value) && Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name))
  );
}

const clip = (name: string): string => name.slice(0, 40);
const invalid = (why: string): FleetError => new FleetError("MESSAGE_INVALID", `a message is not valid: ${why}`);
const tooLarge = ({ kind, method }: Draft, why: string): FleetError =>
  new FleetError("MESSAGE_TOO_LARGE", `the ${kind} of ${method} is too large: ${why}`);
