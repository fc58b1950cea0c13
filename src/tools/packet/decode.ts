import { dnsAs, dnsOverTcp } from "./dns.ts";
import { Cut, type Dissect, Dissection, type Next } from "./dissection.ts";
import { http, looksLikeHttp } from "./http.ts";
import { icmp, icmpv6 } from "./icmp.ts";
import { authenticationHeader, ipv4, ipv6, ipv6Extension, ipv6Fragment } from "./ip.ts";
import { arp, cooked, cooked2, ethernet, loopback, rawIp, vlan } from "./link.ts";
import { etherTypes, ipProtocols, linkTypeName } from "./numbers.ts";
import type { Packet } from "./packet.ts";
import { tcp, udp } from "./tcp.ts";
import { bytesText, hex, hexNumber, printable } from "./text.ts";
import { looksLikeTls, tls } from "./tls.ts";

/** What is known of a record besides its bytes. */
export interface RecordOf {
  /** Number of tcpdump.org's list; any: what is not known is shown as bytes. */
  readonly linkType: number;
  /** Seconds since 1970. */
  readonly time: number;
  /** Bytes it had on the wire. */
  readonly originalLength: number;
}

const byLinkType: Readonly<Record<number, Dissect>> = {
  0: loopback,
  1: ethernet,
  12: rawIp,
  14: rawIp,
  101: rawIp,
  108: loopback,
  113: cooked,
  228: rawIp,
  229: rawIp,
  276: cooked2,
};

const byEtherType: Readonly<Record<number, Dissect>> = {
  0x0800: ipv4,
  0x0806: arp,
  0x8100: vlan,
  0x86dd: ipv6,
  0x88a8: vlan,
  0x9100: vlan,
};

const byIpProtocol: Readonly<Record<number, Dissect>> = {
  0: ipv6Extension,
  1: icmp,
  4: ipv4,
  6: tcp,
  17: udp,
  41: ipv6,
  43: ipv6Extension,
  44: ipv6Fragment,
  51: authenticationHeader,
  58: icmpv6,
  60: ipv6Extension,
  135: ipv6Extension,
  139: ipv6Extension,
  140: ipv6Extension,
};

const byUdpPort: Readonly<Record<number, Dissect>> = { 53: dnsAs("DNS"), 5353: dnsAs("MDNS"), 5355: dnsAs("LLMNR") };

/** Headers in headers in headers: nobody sends so many in earnest. */
const maxLayers = 40;

/**
 * Take one record of a capture apart. It never throws: a packet that is cut off or lies is decoded as far as it goes.
 *
 * Errors of ICMP carry the packet they are about; that one is decoded too, but the line is about the error.
 */
export function decodePacket(bytes: Uint8Array, record: RecordOf): Packet {
  const packet = new Dissection(bytes, bytes.length < record.originalLength);
  const isWhole = walk(packet, record.linkType);
  packet.close();
  return {
    summary: {
      time: record.time,
      source: packet.source,
      destination: packet.destination,
      protocol: packet.protocol,
      length: record.originalLength,
      info: printable(isWhole ? packet.info : `${packet.info} [truncated]`.trimStart()),
    },
    layers: packet.layers.map((layer) => ({ ...layer, title: printable(layer.title) })),
    truncated: packet.truncated,
  };
}

/** @returns whether no layer ended before it should. */
function walk(packet: Dissection, linkType: number): boolean {
  let said: Said | undefined;
  try {
    let dissect: Dissect | undefined = byLinkType[linkType];
    if (!dissect) packet.protocol = linkTypeName(linkType);
    while (dissect && packet.layers.length < maxLayers) {
      const next: Next = dissect(packet);
      // What an ICMP error quotes is another packet, of which there is only the beginning.
      if (["icmp", "icmpv6"].includes(packet.layers.at(-1)?.protocol ?? "")) said = saidOf(packet);
      dissect = next && dissectorOf(next, packet);
    }
    packet.close();
    leftOver(packet);
    return true;
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
    packet.truncated = packet.truncated || said === undefined;
    return said !== undefined;
  } finally {
    if (said) Object.assign(packet, said);
  }
}

interface Said {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly info: string;
  readonly truncated: boolean;
}

function saidOf({ source, destination, protocol, info, truncated }: Dissection): Said {
  return { source, destination, protocol, info, truncated };
}

/** Who takes the next layer apart; undefined when nobody can, and then the line says what it is. */
function dissectorOf(next: NonNullable<Next>, packet: Dissection): Dissect | undefined {
  if ("etherType" in next) {
    const { etherType } = next;
    return byEtherType[etherType] ?? unknown(packet, etherTypes[etherType] ?? `type ${hexNumber(4)(etherType)}`);
  }
  if ("ipProtocol" in next) {
    const { ipProtocol } = next;
    return byIpProtocol[ipProtocol] ?? unknown(packet, ipProtocols[ipProtocol] ?? `IP protocol ${ipProtocol}`);
  }
  if (packet.left === 0) return undefined;
  if (next.over === "udp") return next.ports.map((port) => byUdpPort[port]).find((known) => known !== undefined);
  if (looksLikeTls(packet)) return tls;
  if (looksLikeHttp(packet)) return http;
  return next.ports.includes(53) ? dnsOverTcp : undefined;
}

function unknown(packet: Dissection, name: string): undefined {
  packet.protocol = name;
  packet.info = name;
}

function leftOver(packet: Dissection): void {
  const { left } = packet;
  if (left === 0) return;
  packet.layer("data", bytesText(left));
  packet.take("Data", left, (bytes) => hex(bytes));
}
