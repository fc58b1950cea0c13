/**
 * JSON-RPC 2.0 as this worker's own carriers speak it: bytes of one message in, text of the answer out. No I/O.
 *
 * Source: the JSON-RPC 2.0 specification, with the limits of CAT-18.
 */
import {
  type Fault,
  type JsonObject,
  maxMessageBytes,
  maxMessageDepth,
  nestsDeeper,
  type Outcome,
  type RpcError,
  rpcErrorOf,
} from "#fleet";

/** Most calls of one batch, most members of any array. */
export const maxBatch = 50;
const maxArray = 10_000;
/** Once the answers of a batch have so many characters, the calls that are left are refused: ask for less at a time. */
const maxAnswerChars = 4 * 1024 * 1024;
const maxIdChars = 64;

/** What is to be done about one call. Never throws. */
export type AnswerCall = (method: string, params: JsonObject) => Promise<Outcome>;

/** What goes back. */
export interface RpcAnswer {
  /** Undefined when all that came were notifications. */
  readonly text: string | undefined;
  /** Of a single call that failed, or a message that is none; undefined for a success and for a batch. */
  readonly fault: Fault | undefined;
}

type Id = string | number | null;
interface Call {
  /** Undefined for a notification. */
  readonly id: Id | undefined;
  readonly method: string;
  readonly params: JsonObject;
}

/** Answer one message, the calls of a batch one after the other. */
export async function answerRpc(message: Uint8Array, answer: AnswerCall): Promise<RpcAnswer> {
  const read = readMessage(message);
  if ("fault" in read) return { text: textOf(null, read.fault, read.rpcCode), fault: read.fault };
  const { value } = read;
  if (!Array.isArray(value)) return await answerOne(value, answer);
  const size = value.length;
  if (size === 0 || size > maxBatch) {
    const fault = invalid(`a batch has 1 to ${maxBatch} calls, and this one ${size}`);
    return { text: textOf(null, fault, invalidRequest), fault };
  }
  return { text: await answerBatch(value, answer), fault: undefined };
}

/** The text of an answer to a message that was not even read. */
export function refusalAnswer(fault: Fault): string {
  return textOf(null, fault);
}

async function answerBatch(values: readonly unknown[], answer: AnswerCall): Promise<string | undefined> {
  const texts: string[] = [];
  let chars = 0;
  for (const value of values) {
    const { text } = await answerOne(value, chars > maxAnswerChars ? tooMuch : answer);
    if (text === undefined) continue;
    texts.push(text);
    chars += text.length;
  }
  return texts.length > 0 ? `[${texts.join(",")}]` : undefined;
}

async function answerOne(value: unknown, answer: AnswerCall): Promise<RpcAnswer> {
  const read = readCall(value);
  if ("fault" in read) return { text: textOf(read.id, read.fault, invalidRequest), fault: read.fault };
  const { id, method, params } = read;
  const outcome = await answer(method, params);
  const fault = "fault" in outcome ? outcome.fault : undefined;
  if (id === undefined) return { text: undefined, fault };
  if (fault) return { text: textOf(id, fault), fault };
  const { result } = outcome as { readonly result: unknown };
  return { text: JSON.stringify({ jsonrpc: "2.0", id, result: result ?? null }), fault };
}

const tooMuch: AnswerCall = () =>
  Promise.resolve({
    fault: { code: "MESSAGE_TOO_LARGE", message: "the batch has been answered with too much already", status: 413 },
  });

type Refused = { readonly fault: Fault; readonly rpcCode: number };
/** Numbers of JSON-RPC 2.0. */
const parseError = -32_700;
const invalidRequest = -32_600;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readMessage(message: Uint8Array): { readonly value: unknown } | Refused {
  if (message.length > maxMessageBytes) return { fault: tooLarge(message.length), rpcCode: invalidRequest };
  let value: unknown;
  try {
    const text = utf8.decode(message);
    if (nestsDeeper(text, maxMessageDepth)) return { fault: tooDeep, rpcCode: invalidRequest };
    value = JSON.parse(text);
  } catch {
    return { fault: invalid("it is not JSON in UTF-8"), rpcCode: parseError };
  }
  if (hasLongArray(value)) return { fault: tooLong, rpcCode: invalidRequest };
  return { value };
}

/** @param bytes how many it has, at least. */
export function tooLarge(bytes: number): Fault {
  const message = `the message has ${bytes} bytes or more, and ${maxMessageBytes} are allowed`;
  return { code: "MESSAGE_TOO_LARGE", message, status: 413 };
}
const tooDeep: Fault = {
  ...{ code: "MESSAGE_TOO_LARGE", status: 413, message: `the message nests deeper than ${maxMessageDepth} levels` },
};
const tooLong: Fault = {
  ...{ code: "MESSAGE_TOO_LARGE", status: 413, message: `an array has more than ${maxArray} members` },
};

/** The depth has been looked at: this does not go deeper. */
function hasLongArray(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.length > maxArray || value.some(hasLongArray);
  return Object.values(value).some(hasLongArray);
}

function readCall(value: unknown): Call | { readonly id: Id; readonly fault: Fault } {
  if (!isObject(value)) return { id: null, fault: invalid("it is not an object") };
  const fields = new Map(Object.entries(value));
  const [id, method, params = {}] = [fields.get("id"), fields.get("method"), fields.get("params")];
  const wrong = callFault(fields);
  // An id that is none cannot be answered by.
  if (wrong !== undefined) return { id: isId(id) ? id : null, fault: invalid(wrong) };
  return { id: id as Id | undefined, method: method as string, params: params as JsonObject };
}

const fieldNames = ["jsonrpc", "id", "method", "params"];

function callFault(fields: ReadonlyMap<string, unknown>): string | undefined {
  const unknown = [...fields.keys()].find((name) => !fieldNames.includes(name));
  if (unknown !== undefined) return `it has a field "${unknown.slice(0, 40)}"`;
  if (fields.get("jsonrpc") !== "2.0") return 'its "jsonrpc" is not "2.0"';
  const method = fields.get("method");
  if (typeof method !== "string" || method.length > 100) return 'its "method" is no name';
  if (fields.has("params") && !isObject(fields.get("params"))) return 'its "params" are not an object';
  return fields.has("id") && !isId(fields.get("id")) ? 'its "id" is no short text and no whole number' : undefined;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isId = (value: unknown): value is Id =>
  value === null || Number.isSafeInteger(value) || (typeof value === "string" && value.length <= maxIdChars);

function invalid(why: string): Fault {
  return { code: "MESSAGE_INVALID", message: `the message is no JSON-RPC 2.0: ${why}`, status: 400 };
}

function textOf(id: Id, fault: Fault, rpcCode?: number): string {
  const error: RpcError = { ...rpcErrorOf(fault), ...(rpcCode !== undefined && { code: rpcCode }) };
  return JSON.stringify({ jsonrpc: "2.0", id, error });
}
