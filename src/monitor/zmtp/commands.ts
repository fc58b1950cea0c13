import { MonitorError } from "../errors.ts";
import { encodeFrame } from "./frame-reader.ts";

/** What a peer says beside messages (RFC 37/ZMTP §"Commands"). */
export type ZmtpCommand =
  | { readonly kind: "ready"; readonly socketType: string }
  | { readonly kind: "error"; readonly reason: string }
  /** `ttlMs`: silence after which the peer wants to be given up; 0 is for ever. */
  | { readonly kind: "ping"; readonly ttlMs: number; readonly context: Buffer }
  | { readonly kind: "other" };

/** Longest context of a PING that is given back (RFC 37). */
const longestContext = 16;

/** @throws {MonitorError} `ZMTP_REFUSED` */
export function readCommand(body: Buffer): ZmtpCommand {
  const nameEnd = 1 + (body[0] ?? 0);
  if (nameEnd === 1 || body.length < nameEnd) throw malformed("a command");
  const rest = body.subarray(nameEnd);
  switch (body.toString("latin1", 1, nameEnd)) {
    case "READY":
      return { kind: "ready", socketType: readProperties(rest).get("socket-type") ?? "" };
    case "ERROR":
      return { kind: "error", reason: rest.toString("latin1", 1, 1 + (rest[0] ?? 0)) };
    case "PING":
      if (rest.length < 2 || rest.length > 2 + longestContext) throw malformed("its PING");
      return { kind: "ping", ttlMs: rest.readUInt16BE(0) * 100, context: rest.subarray(2) };
    default:
      return { kind: "other" };
  }
}

/** Names do not depend on case; of two with one name the first counts. */
function readProperties(bytes: Buffer): Map<string, string> {
  const properties = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + (bytes[at] ?? 0);
    if (nameEnd === at + 1 || bytes.length < nameEnd + 4) throw malformed("its READY");
    const valueEnd = nameEnd + 4 + bytes.readUInt32BE(nameEnd);
    if (bytes.length < valueEnd) throw malformed("its READY");
    const name = bytes.toString("latin1", at + 1, nameEnd).toLowerCase();
    if (!properties.has(name)) properties.set(name, bytes.toString("latin1", nameEnd + 4, valueEnd));
    at = valueEnd;
  }
  return properties;
}

/** `READY` of a ROUTER with an identity, which is what its peers address it by (ReCodEx specification §5, §6). */
export function readyCommand(identity: string): Buffer {
  const properties = [property("Socket-Type", "ROUTER"), property("Identity", identity)];
  return encodeFrame(Buffer.concat([named("READY"), ...properties]), { isCommand: true });
}

/** `PONG` with the context of the PING. */
export function pongCommand(context: Buffer): Buffer {
  return encodeFrame(Buffer.concat([named("PONG"), context]), { isCommand: true });
}

/** `ERROR`: why a peer is not served. */
export function errorCommand(reason: string): Buffer {
  return encodeFrame(Buffer.concat([named("ERROR"), named(reason.slice(0, 255))]), { isCommand: true });
}

function property(name: string, value: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([named(name), length, Buffer.from(value, "latin1")]);
}

function named(name: string): Buffer {
  return Buffer.concat([Buffer.of(name.length), Buffer.from(name, "latin1")]);
}

function malformed(what: string): MonitorError {
  return new MonitorError("ZMTP_REFUSED", `${what} is malformed`);
}
