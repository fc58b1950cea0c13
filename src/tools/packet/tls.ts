import type { Dissect, Dissection } from "./dissection.ts";
import { readClientHello, readServerHello } from "./tls-hello.ts";
import { tlsVersion } from "./tls-names.ts";
import { bytesText, hex, named } from "./text.ts";

const recordTypes: Readonly<Record<number, string>> = {
  20: "Change Cipher Spec",
  21: "Alert",
  22: "Handshake",
  23: "Application Data",
  24: "Heartbeat",
};

const handshakeTypes: Readonly<Record<number, string>> = {
  0: "Hello Request",
  1: "Client Hello",
  2: "Server Hello",
  4: "New Session Ticket",
  8: "Encrypted Extensions",
  11: "Certificate",
  12: "Server Key Exchange",
  13: "Certificate Request",
  14: "Server Hello Done",
  15: "Certificate Verify",
  16: "Client Key Exchange",
  20: "Finished",
  22: "Certificate Status",
  24: "Key Update",
};

const alerts: Readonly<Record<number, string>> = {
  0: "Close Notify",
  10: "Unexpected Message",
  20: "Bad Record MAC",
  40: "Handshake Failure",
  42: "Bad Certificate",
  44: "Certificate Revoked",
  45: "Certificate Expired",
  46: "Certificate Unknown",
  47: "Illegal Parameter",
  48: "Unknown CA",
  50: "Decode Error",
  51: "Decrypt Error",
  70: "Protocol Version",
  80: "Internal Error",
  112: "Unrecognized Name",
  116: "Certificate Required",
  120: "No Application Protocol",
};

/** More records than that in one packet are read by nobody. */
const maxRecords = 100;

/** Whether what follows looks like a TLS record: a known type, a version of SSL 3.0 to TLS 1.3, a length that may be. */
export function looksLikeTls(packet: Dissection): boolean {
  const [type, major, minor] = [packet.peek(0), packet.peek(1), packet.peek(2)];
  const length = ((packet.peek(3) ?? 0) << 8) | (packet.peek(4) ?? 0);
  return type !== undefined && type >= 20 && type <= 24 && major === 3 && (minor ?? 9) <= 4 && length <= 18_432;
}

/**
 * Records of TLS (RFC 8446 §5, RFC 5246 §6) with what is readable of them: the hellos, alerts, names of the rest.
 *
 * Which version was agreed is known from a Server Hello only; every other packet is `TLS`.
 */
export const tls: Dissect = (packet) => {
  packet.protocol = "TLS";
  const end = packet.end;
  const said: string[] = [];
  // Behind a Change Cipher Spec handshakes are encrypted.
  const reading = { isEncrypted: false };
  while (packet.at < end && said.length < maxRecords && looksLikeTls(packet)) {
    const isWhole = packet.attempt(() => said.push(record(packet, reading)));
    if (!isWhole) said.push("[goes on]");
    packet.info = said.join(", ");
    packet.at = packet.end;
    packet.end = end;
    if (!isWhole) break;
  }
  return undefined;
};

function record(packet: Dissection, reading: { isEncrypted: boolean }): string {
  const layer = packet.layer("tls", "TLS");
  const type = packet.u8("Record type", named(recordTypes));
  const name = recordTypes[type] ?? `Record type ${type}`;
  layer.title = `TLS, ${name}`;
  packet.info = name;
  packet.u16("Record version", tlsVersion);
  const length = packet.u16("Length");
  const isCut = length > packet.left;
  if (!isCut) packet.end = packet.at + length;
  if (type === 20) reading.isEncrypted = true;
  if (type === 22 && !reading.isEncrypted) {
    const text = handshakes(packet);
    layer.title = `TLS, ${text}`;
    return text;
  }
  if (type === 21 && length === 2) return alert(packet);
  const here = packet.left;
  if (here > 0) packet.take("Data", here, (bytes) => `${bytesText(length)}: ${hex(bytes, "", 32)}`);
  const text = type === 22 ? "Encrypted Handshake Message" : type === 21 ? "Encrypted Alert" : name;
  return isCut ? `${text} [goes on]` : text;
}

function alert(packet: Dissection): string {
  const level = packet.u8("Level", named({ 1: "Warning", 2: "Fatal" }));
  const description = packet.u8("Description", named(alerts));
  return `Alert (Level: ${level === 2 ? "Fatal" : "Warning"}, Description: ${alerts[description] ?? description})`;
}

/** Every message of one record. The last may go on in the next record. */
function handshakes(packet: Dissection): string {
  const end = packet.end;
  const said: string[] = [];
  while (packet.at < end && said.length < maxRecords) {
    const name = handshakeTypes[packet.peek() ?? -1];
    if (name === undefined) {
      // The length of an encrypted message stands where its type would.
      packet.take("Encrypted message", packet.left, (bytes) => hex(bytes, "", 32));
      said.push("Encrypted Handshake Message");
      break;
    }
    packet.group(name, () => {
      said.push(name);
      said.push(`${said.pop() as string}${handshake(packet)}`);
      return said.at(-1) as string;
    });
    packet.end = end;
  }
  return said.join(", ");
}

/** @returns what is worth saying behind its name. */
function handshake(packet: Dissection): string {
  const type = packet.u8("Type", named(handshakeTypes));
  const length = packet.u24("Length");
  if (length <= packet.left) packet.end = packet.at + length;
  if (type === 1) return readClientHello(packet);
  if (type === 2) return readServerHello(packet);
  const isCut = length > packet.left;
  if (packet.left > 0) packet.take("Data", packet.left, (bytes) => `${bytesText(length)}: ${hex(bytes, "", 32)}`);
  return isCut ? " [goes on]" : "";
}
