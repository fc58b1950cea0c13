import { parseExactJson, writeExactJson } from "./exact-json.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";

/** The problems a node reports. There is none for a missing route (spec §3.8). */
export const problem = {
  serviceUnknown: "service unknown",
  messageExpired: "message expired",
  blockedByFirewall: "blocked by firewall",
} as const;

/**
 * Payload of a message from service `unreach` to service `unreach` (spec §3.8). The addresses are those of the message
 * that did not arrive; the sender is the node that noticed.
 */
export interface Unreachable {
  readonly fromNode: string;
  readonly toNode: string;
  readonly fromService: string;
  readonly toService: string;
  /** One of {@link problem}, or whatever a later version reports. */
  readonly problem: string;
}

const maxPayloadBytes = 8192;
const fields = fieldNames("FromNode", "ToNode", "FromService", "ToService", "Problem");

/** @throws {MeshError} `PACKET_INVALID`. */
export function decodeUnreachable(payload: Uint8Array): Unreachable {
  const read = new JsonFields(parseExactJson(payload, maxPayloadBytes), fields);
  return {
    fromNode: read.text("FromNode"),
    toNode: read.text("ToNode"),
    fromService: read.text("FromService"),
    toService: read.text("ToService"),
    problem: read.text("Problem"),
  };
}

/** The payload of a report. */
export function encodeUnreachable({ fromNode, toNode, fromService, toService, problem }: Unreachable): Uint8Array {
  const report = { FromNode: fromNode, ToNode: toNode, FromService: fromService, ToService: toService };
  return Buffer.from(writeExactJson({ ...report, Problem: problem }));
}
