import { dnsRecord, recordTypes } from "./dns-record.ts";
import { dnsName } from "./dns-name.ts";
import type { Dissect, Dissection } from "./dissection.ts";
import { hexNumber, named } from "./text.ts";

const opcodes: Readonly<Record<number, string>> = {
  0: "Standard query",
  1: "Inverse query",
  2: "Server status request",
  4: "Zone change notification",
  5: "Dynamic update",
};

const rcodes: Readonly<Record<number, string>> = {
  1: "Format error",
  2: "Server failure",
  3: "No such name",
  4: "Not implemented",
  5: "Refused",
  6: "Name exists",
  9: "Not authoritative",
};

const flagNames: readonly (readonly [number, string])[] = [
  [0x0400, "authoritative"],
  [0x0200, "truncated"],
  [0x0100, "recursion desired"],
  [0x0080, "recursion available"],
  [0x0020, "authentic data"],
  [0x0010, "checking disabled"],
];

/** A message has thousands of records only to hurt. */
const maxRecords = 500;

/** DNS over UDP (RFC 1035), and its siblings `MDNS` and `LLMNR`, whose messages are the same. */
export function dnsAs(protocol: "DNS" | "MDNS" | "LLMNR"): Dissect {
  return (packet) => {
    packet.protocol = protocol;
    message(packet, packet.layer("dns", protocol));
    return undefined;
  };
}

/** DNS over TCP: each message behind its length (RFC 1035 §4.2.2). One that goes on in the next packet is read as far as it is here. */
export const dnsOverTcp: Dissect = (packet) => {
  const end = packet.end;
  const infos: string[] = [];
  packet.protocol = "DNS";
  while (packet.at < end && infos.length < maxRecords) {
    packet.info = "DNS";
    const isWhole = packet.attempt(() => {
      const layer = packet.layer("dns", "DNS");
      const length = packet.u16("Message length");
      if (length < packet.left) packet.end = packet.at + length;
      message(packet, layer);
    });
    infos.push(packet.info + (isWhole ? "" : " [goes on]"));
    packet.at = packet.end;
    packet.end = end;
    if (!isWhole) break;
  }
  packet.info = infos.join(", ");
  return undefined;
};

function message(packet: Dissection, layer: { title: string }): void {
  const start = packet.at;
  packet.info = "DNS";
  const id = packet.u16("Id", hexNumber(4));
  const flags = packet.u16("Flags", hexNumber(4));
  const isResponse = (flags & 0x8000) !== 0;
  const opcode = (flags >> 11) & 15;
  const rcode = flags & 15;
  const set = flagNames.filter(([bit]) => flags & bit).map(([, name]) => name);
  packet.note("Operation", named(opcodes)(opcode), start + 2, 1);
  packet.note("Set", set.join(", ") || "none", start + 2, 2);
  if (isResponse) packet.note("Answer", named({ 0: "No error", ...rcodes })(rcode), start + 3, 1);
  const name = opcodes[opcode] ?? `Unknown operation (${opcode})`;
  packet.info = `${name}${isResponse ? " response" : ""} ${hexNumber(4)(id)}`;
  if (isResponse && rcode !== 0) packet.info += ` ${rcodes[rcode] ?? `Error ${rcode}`}`;
  layer.title = `DNS ${isResponse ? "response" : "query"} ${hexNumber(4)(id)}`;
  const counts = ["Questions", "Answers", "Authorities", "Additionals"].map((count) => packet.u16(count));
  sections(packet, start, counts as [number, number, number, number]);
}

function sections(packet: Dissection, start: number, counts: readonly [number, number, number, number]): void {
  const [questions, answers, authorities, additionals] = counts;
  for (let n = 0; n < Math.min(questions, maxRecords); n++) {
    packet.group("Question", () => {
      const name = dnsName(packet, "Name", start);
      const type = packet.u16("Type", named(recordTypes));
      packet.u16("Class");
      const text = `${recordTypes[type] ?? `TYPE${type}`} ${name}`;
      packet.info += ` ${text}`;
      return text;
    });
  }
  const rest = [
    ["Answer", answers],
    ["Authority", authorities],
    ["Additional", additionals],
  ] as const;
  for (const [section, count] of rest) {
    for (let n = 0; n < Math.min(count, maxRecords); n++) {
      packet.group(section, () => {
        const { owner, said } = dnsRecord(packet, start);
        packet.info += ` ${said}`;
        return `${owner} ${said}`;
      });
    }
  }
}
