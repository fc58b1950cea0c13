import { isJsonObject, type JsonObject } from "#core";
import type { QuokkaType } from "./command.ts";

/**
 * What the worker program of Quokka says and expects over HTTP, byte for byte (its specification §3 to §6). Pure.
 */
export interface QuokkaReply {
  readonly status: number;
  /** Exactly this: with a charset behind it the program reads no command (§3). */
  readonly contentType: "application/json" | "text/html; charset=utf-8";
  readonly body: string;
}

export const nothing: QuokkaReply = { status: 200, contentType: "application/json", body: "{}\n" };

/** What is wrong, in words. */
export function badRequest(why: string): QuokkaReply {
  return { status: 400, contentType: "text/html; charset=utf-8", body: why };
}

/** A command that goes out with a heartbeat. */
export interface QuokkaOrder {
  readonly id: number;
  readonly host: string;
  readonly serial: string;
  readonly workerType: QuokkaType;
  /** JSON, which the program reads from a text. */
  readonly info: string;
}

/** Keys in order, no spaces, a line feed at the end, as the original's server has it. */
export function heartbeatReply(orders: readonly QuokkaOrder[]): QuokkaReply {
  const commands = orders.map(({ id, host, serial, workerType, info }) => ({
    ...{ command: "start-capture", command_info: info, delivered: false, host, id, serial },
    ...{ timestamp: null, worker_type: workerType },
  }));
  return { status: 200, contentType: "application/json", body: `${JSON.stringify({ commands })}\n` };
}

/** JSON as Python writes it: the same text goes into a reply and into a queue (§4.2). */
export function commandInfo(fields: Readonly<Record<string, string | null>>): string {
  const parts = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{${parts.join(", ")}}`;
}

export interface QuokkaHeartbeat {
  readonly serial: string;
  readonly workerType: string;
  /** Those that were numbers. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** Results of each kind, as far as they are known to be in their place. */
export interface QuokkaPackets {
  readonly serial: string;
  readonly timestamp: string;
  readonly packets: readonly JsonObject[];
}
export interface QuokkaResult {
  readonly serial: string;
  readonly token: string;
  /** `scan_output`, or the picture in base64. */
  readonly result: string;
}

/** @throws {QuokkaFault} */
export function readHeartbeat(body: JsonObject): QuokkaHeartbeat {
  if (Object.keys(body).length === 0) throw new QuokkaFault("Must provide heartbeat information in JSON body");
  const serial = wordIn(body, "serial");
  const workerType = wordIn(body, "worker_type");
  const sent = { responseTimeMs: body["response_time"], cpuPercent: body["cpu"], memoryPercent: body["memory"] };
  const all = { ...sent, uptimeSeconds: body["uptime"] };
  const numbers = Object.entries(all).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && entry[1] >= 0 && entry[1] <= 1e12,
  );
  return { serial, workerType, numbers: Object.fromEntries(numbers) };
}

/** @throws {QuokkaFault} */
export function readPackets(body: JsonObject): QuokkaPackets {
  const serial = wordIn(body, "serial");
  wordIn(body, "source");
  const timestamp = wordIn(body, "timestamp");
  const { packets } = body;
  if (!Array.isArray(packets)) throw new QuokkaFault("Must provide packets in JSON body");
  if (packets.length > maxPacketsAtOnce) throw new QuokkaFault("Too many packets in one request");
  return { serial, timestamp, packets: packets.filter((packet) => isJsonObject(packet)) };
}

/** @param field `scan_output` or `traceroute_img`; without a token there is nothing to find it again by (§5.2). */
export function readResult(body: JsonObject, field: "scan_output" | "traceroute_img"): QuokkaResult | undefined {
  wordIn(body, "source");
  const serial = wordIn(body, "serial");
  for (const name of field === "scan_output" ? ["host_ip", "host_name"] : ["target"]) wordIn(body, name);
  wordIn(body, "timestamp");
  const result = body[field];
  if (typeof result !== "string") throw new QuokkaFault(`Must provide ${field} in JSON body`);
  const { token } = body;
  return typeof token === "string" ? { serial, token, result } : undefined;
}

/** `/worker/register` and its like: of no use to the program, which calls none of them (§6). @throws {QuokkaFault} */
export function readRegistration(body: JsonObject): { readonly serial: string; readonly name: string } {
  return { serial: wordIn(body, "serial"), name: wordIn(body, "name") };
}

const maxPacketsAtOnce = 1_000;

/** A request that is not as it should be; the message is for whoever sent it. */
export class QuokkaFault extends Error {}

function wordIn(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value === "string" && value !== "" && value.length <= 300) return value;
  throw new QuokkaFault(`Must provide ${name} in JSON body`);
}
