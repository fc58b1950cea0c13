import { ipv4Text, ipv6Text } from "./addresses.ts";
import { dnsName } from "./dns-name.ts";
import type { Dissection } from "./dissection.ts";
import { bytesText, hex, hexNumber, latin1, named } from "./text.ts";

/** Types of records by name (IANA, DNS Parameters). */
export const recordTypes: Readonly<Record<number, string>> = {
  1: "A",
  2: "NS",
  5: "CNAME",
  6: "SOA",
  12: "PTR",
  13: "HINFO",
  15: "MX",
  16: "TXT",
  17: "RP",
  24: "SIG",
  25: "KEY",
  28: "AAAA",
  29: "LOC",
  33: "SRV",
  35: "NAPTR",
  37: "CERT",
  39: "DNAME",
  41: "OPT",
  43: "DS",
  44: "SSHFP",
  46: "RRSIG",
  47: "NSEC",
  48: "DNSKEY",
  50: "NSEC3",
  51: "NSEC3PARAM",
  52: "TLSA",
  59: "CDS",
  60: "CDNSKEY",
  64: "SVCB",
  65: "HTTPS",
  99: "SPF",
  249: "TKEY",
  250: "TSIG",
  251: "IXFR",
  252: "AXFR",
  255: "ANY",
  256: "URI",
  257: "CAA",
};

/** A record: whose it is, and what it says, as on the line of Wireshark. */
export interface DnsRecord {
  readonly owner: string;
  readonly said: string;
}

/** One resource record (RFC 1035 §4.1.3). `start` is where the message begins. */
export function dnsRecord(packet: Dissection, start: number): DnsRecord {
  const owner = dnsName(packet, "Name", start);
  const type = packet.u16("Type", named(recordTypes));
  const typeName = recordTypes[type] ?? `TYPE${type}`;
  // The pseudo-record of EDNS uses these fields for something else (RFC 6891 §6.1.2).
  packet.u16(type === 41 ? "UDP payload size" : "Class");
  packet.u32(type === 41 ? "Extended flags" : "Time to live", type === 41 ? hexNumber(8) : (ttl) => `${ttl} s`);
  const length = packet.u16("Data length");
  packet.need(length);
  const end = packet.at + length;
  const value = recordData(packet, { type, length, start });
  if (packet.at < end) packet.take("Rest", end - packet.at, (bytes) => hex(bytes));
  // Data that runs over its own length is that of the next record: go back.
  packet.at = end;
  return { owner, said: value === "" ? typeName : `${typeName} ${value}` };
}

interface Data {
  readonly type: number;
  readonly length: number;
  readonly start: number;
}

function recordData(packet: Dissection, { type, length, start }: Data): string {
  const target = () => dnsName(packet, "Name", start);
  switch (type) {
    case 1:
      return length === 4 ? packet.take("Address", 4, ipv4Text) : "";
    case 28:
      return length === 16 ? packet.take("Address", 16, ipv6Text) : "";
    case 2:
    case 5:
    case 12:
    case 39:
      return target();
    case 15:
      return `${packet.u16("Preference")} ${target()}`;
    case 33:
      return `${packet.u16("Priority")} ${packet.u16("Weight")} ${packet.u16("Port")} ${target()}`;
    case 6:
      return authority(packet, start);
    case 16:
      texts(packet, packet.at + length);
      return "";
    default:
      if (length > 0) packet.take("Data", length, (bytes) => `${bytesText(length)}: ${hex(bytes)}`);
      return "";
  }
}

function authority(packet: Dissection, start: number): string {
  const server = dnsName(packet, "Primary server", start);
  dnsName(packet, "Mailbox", start);
  for (const name of ["Serial", "Refresh", "Retry", "Expire", "Minimum"]) packet.u32(name);
  return server;
}

function texts(packet: Dissection, end: number): void {
  while (packet.at < end) {
    const length = Math.min(packet.u8("Text length"), end - packet.at);
    packet.take("Text", length, latin1);
  }
}
