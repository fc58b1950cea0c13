/**
 * Requests of the control command `work`, text and JSON form, to one shape each (spec §1.8). Pure.
 *
 * The texts of the faults are matched by clients: they stand here as the specification gives them.
 */
import type { JsonObject } from "#control";
import { WorkError } from "./errors.ts";
import type { OrderRequest } from "./remote/order-wire.ts";
import { isUnitId } from "./unit/unit-id.ts";

export type WorkRequest =
  | {
      kind: "submit";
      node: string;
      workType: string;
      params: Record<string, string>;
      wantedId?: string;
      ttl?: string;
      tlsClient?: string;
      signWork?: boolean;
      signature?: string;
    }
  | { kind: "list"; unitId?: string }
  | { kind: "status"; unitId: string }
  | { kind: "cancel" | "release" | "force-release"; unitId: string; signature?: string }
  | { kind: "results" | "attach"; unitId: string; startPos: number; signature?: string }
  | { kind: "order"; node: string; order: OrderRequest; follow: boolean; signature?: string }
  | { kind: "withdraw"; unitId: string; token: string };

/** Keys of a submit that are not work parameters. `workUnitID` is sent by newer peers (spec §9). */
const reservedKeys = new Set("command subcommand node worktype tlsclient ttl signwork signature workUnitID".split(" "));

/** @throws {WorkError} `REQUEST_INVALID`. */
export function parseWorkText(rest: string): WorkRequest {
  const [first = "", ...words] = rest.split(" ");
  const sub = first.toLowerCase();
  switch (sub) {
    case "":
      throw invalid("no work subcommand");
    case "submit":
      return submitOfWords(words);
    case "list":
      return words[0] ? { kind: "list", unitId: words[0] } : { kind: "list" };
    case "status":
    case "cancel":
    case "release":
    case "force-release":
      return { kind: sub, unitId: onlyUnitId(sub, words) };
    case "results":
      return resultsOfWords(words);
    default:
      throw invalid("bad command");
  }
}

function submitOfWords([node, workType, ...rest]: string[]): WorkRequest {
  if (!node || !workType) throw invalid("work submit requires a target node and work type");
  return { kind: "submit", node, workType, params: rest.length > 0 ? { params: rest.join(" ") } : {} };
}

function onlyUnitId(sub: string, words: string[]): string {
  const [unitId] = words;
  if (!unitId) throw invalid(`work ${sub} requires a unit ID`);
  if (words.length > 1) throw invalid(`work ${sub} does not take parameters after the unit ID`);
  return unitId;
}

function resultsOfWords(words: string[]): WorkRequest {
  const [unitId, start = "0"] = words;
  if (!unitId) throw invalid("work results requires a unit ID");
  if (words.length > 2) throw invalid("work results only takes a unit ID and optional start position");
  return { kind: "results", unitId, startPos: startPosition(start) };
}

/** @throws {WorkError} `REQUEST_INVALID`. */
export function parseWorkJson(request: JsonObject): WorkRequest {
  const sub = text(request, "subcommand").toLowerCase();
  const signed = typeof request["signature"] === "string" ? { signature: request["signature"] } : {};
  switch (sub) {
    case "submit":
      return submitOfJson(request);
    case "list":
      return request["unitid"] === undefined ? { kind: "list" } : { kind: "list", unitId: text(request, "unitid") };
    case "status":
      return { kind: "status", unitId: text(request, "unitid") };
    case "cancel":
    case "release":
    case "force-release":
      return { kind: sub, unitId: text(request, "unitid"), ...signed };
    case "results":
    case "attach":
      return { kind: sub, unitId: text(request, "unitid"), startPos: jsonStart(request["startpos"]), ...signed };
    case "order":
      return {
        kind: "order",
        node: text(request, "node"),
        order: orderOfJson(request),
        follow: followOf(request),
        ...signed,
      };
    case "withdraw":
      return { kind: "withdraw", unitId: text(request, "workUnitID"), token: text(request, "token") };
    default:
      throw invalid("bad command");
  }
}

function submitOfJson(request: JsonObject): WorkRequest {
  const node = text(request, "node");
  const workType = text(request, "worktype");
  const fields: Record<string, string> = {};
  for (const [key, value] of Object.entries(request)) {
    if (typeof value !== "string") throw invalid(`submit parameters must all be strings and ${key} is not`);
    fields[key] = value;
  }
  const params = Object.fromEntries(Object.entries(fields).filter(([key]) => !reservedKeys.has(key)));
  const { workUnitID: wantedId, ttl, signature, tlsclient: tlsClient, signwork } = fields;
  const signWork = flag("signwork", signwork);
  return {
    kind: "submit",
    node,
    workType,
    params,
    ...(wantedId && { wantedId }),
    ...(ttl && { ttl }),
    ...(tlsClient && { tlsClient }),
    ...(signWork && { signWork }),
    ...(signature && { signature }),
  };
}

/** What another Farhand node asks (docs/wire/remote-work.md). */
function orderOfJson(request: JsonObject): OrderRequest {
  const { params, bytes } = request;
  const order = {
    unitId: text(request, "workUnitID"),
    token: text(request, "token"),
    workType: text(request, "worktype"),
    sha256: text(request, "sha256"),
  };
  if (!isUnitId(order.unitId)) throw invalid("field workUnitID must be 8 to 64 letters and digits");
  if (!/^[0-9a-f]{32,128}$/.test(order.token)) throw invalid("field token must be 32 to 128 hexadecimal digits");
  if (!/^[0-9a-f]{64}$/.test(order.sha256)) throw invalid("field sha256 must be 64 hexadecimal digits");
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0) {
    throw invalid("field bytes must be a number of bytes");
  }
  const isParams = typeof params === "object" && params !== null && !Array.isArray(params);
  if (!isParams || !Object.values(params).every((value) => typeof value === "string")) {
    throw invalid("submit parameters must all be strings");
  }
  return { ...order, bytes, params: params as Record<string, string> };
}

function followOf({ follow = false }: JsonObject): boolean {
  if (typeof follow !== "boolean") throw invalid("field follow must be true or false");
  return follow;
}

/** Go's words for a truth value, which the original understands. */
function flag(field: string, value = ""): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false|)$/i.test(value)) return false;
  throw invalid(`field ${field} must be true or false`);
}

function text(request: JsonObject, field: string): string {
  const value = request[field];
  if (value === undefined) throw invalid(`field ${field} missing`);
  if (typeof value !== "string") throw invalid(`field ${field} must be a string`);
  return value;
}

function jsonStart(value: unknown): number {
  if (value === undefined) throw invalid("field startpos missing");
  return startPosition(typeof value === "number" ? String(value) : value);
}

function startPosition(value: unknown): number {
  const position = typeof value === "string" && /^\+?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(position)) return position;
  throw invalid(`error converting start position to integer: ${JSON.stringify(value)} is not a byte offset`);
}

function invalid(message: string): WorkError {
  return new WorkError("REQUEST_INVALID", message);
}
