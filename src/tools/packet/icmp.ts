import { ipv6Text, macText } from "./addresses.ts";
import type { Dissect, Dissection, Next } from "./dissection.ts";
import { hex, hexNumber, named } from "./text.ts";

const v4Types: Readonly<Record<number, string>> = {
  0: "Echo (ping) reply",
  3: "Destination unreachable",
  4: "Source quench",
  5: "Redirect",
  8: "Echo (ping) request",
  9: "Router advertisement",
  10: "Router solicitation",
  11: "Time-to-live exceeded",
  12: "Parameter problem",
  13: "Timestamp request",
  14: "Timestamp reply",
};

const unreachable: Readonly<Record<number, string>> = {
  0: "Network unreachable",
  1: "Host unreachable",
  2: "Protocol unreachable",
  3: "Port unreachable",
  4: "Fragmentation needed",
  5: "Source route failed",
  9: "Network administratively prohibited",
  10: "Host administratively prohibited",
  13: "Communication administratively filtered",
};

const v4Codes: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  3: unreachable,
  5: { 0: "Redirect for network", 1: "Redirect for host" },
  11: { 0: "Time to live exceeded in transit", 1: "Fragment reassembly time exceeded" },
};

/** ICMP (RFC 792). What it complains about is decoded behind it. */
export const icmp: Dissect = (packet) => {
  const layer = packet.layer("icmp", "ICMP");
  packet.protocol = "ICMP";
  const { type, code, codes } = header(packet, v4Types, v4Codes);
  packet.info = v4Types[type] ?? `Type ${type}`;
  layer.title = `ICMP, ${packet.info}`;
  if (type === 0 || type === 8) return echo(packet);
  if (codes[code] !== undefined) packet.info += ` (${codes[code]})`;
  const quotes = [3, 4, 5, 11, 12].includes(type);
  if (!quotes) return undefined;
  packet.take("Rest of the header", 4, (bytes) => hex(bytes));
  return { etherType: 0x0800 };
};

const v6Types: Readonly<Record<number, string>> = {
  1: "Destination Unreachable",
  2: "Packet Too Big",
  3: "Time Exceeded",
  4: "Parameter Problem",
  128: "Echo (ping) request",
  129: "Echo (ping) reply",
  130: "Multicast Listener Query",
  131: "Multicast Listener Report",
  132: "Multicast Listener Done",
  133: "Router Solicitation",
  134: "Router Advertisement",
  135: "Neighbor Solicitation",
  136: "Neighbor Advertisement",
  137: "Redirect",
  143: "Multicast Listener Report Message v2",
};

const v6Codes: Readonly<Record<number, Readonly<Record<number, string>>>> = {
  1: {
    0: "no route to destination",
    1: "administratively prohibited",
    3: "Address unreachable",
    4: "Port unreachable",
  },
  3: { 0: "hop limit exceeded in transit", 1: "fragment reassembly time exceeded" },
};

/** ICMPv6 (RFC 4443) with neighbour discovery (RFC 4861). */
export const icmpv6: Dissect = (packet) => {
  const layer = packet.layer("icmpv6", "ICMPv6");
  packet.protocol = "ICMPv6";
  const { type, code, codes } = header(packet, v6Types, v6Codes);
  packet.info = v6Types[type] ?? `Type ${type}`;
  layer.title = `ICMPv6, ${packet.info}`;
  if (type === 128 || type === 129) return echo(packet, true);
  if (codes[code] !== undefined) packet.info += ` (${codes[code]})`;
  if (type === 133) {
    packet.u32("Reserved");
    return options(packet);
  }
  if (type === 135 || type === 136) return neighbour(packet, type);
  if (type > 4) return undefined;
  packet.take("Rest of the header", 4, (bytes) => hex(bytes));
  return { etherType: 0x86dd };
};

type Codes = Readonly<Record<number, Readonly<Record<number, string>>>>;

function header(packet: Dissection, types: Readonly<Record<number, string>>, byType: Codes) {
  const type = packet.u8("Type", named(types));
  const codes = byType[type] ?? {};
  const code = packet.u8("Code", named(codes));
  packet.u16("Checksum", hexNumber(4));
  return { type, code, codes };
}

function echo(packet: Dissection, isV6 = false): Next {
  const id = hexNumber(4)(packet.u16("Identifier", hexNumber(4)));
  const sequence = packet.u16("Sequence");
  // In both byte orders, as Wireshark does: some systems count in the wrong one.
  const swapped = ((sequence & 0xff) << 8) | (sequence >> 8);
  const { hopLimit } = packet;
  packet.info += isV6
    ? ` id=${id}, seq=${sequence}, hop limit=${hopLimit}`
    : `  id=${id}, seq=${sequence}/${swapped}, ttl=${hopLimit}`;
  return undefined;
}

function neighbour(packet: Dissection, type: number): Next {
  packet.u32("Flags", hexNumber(8));
  const target = packet.take("Target", 16, ipv6Text);
  packet.info += type === 135 ? ` for ${target}` : ` ${target}`;
  return options(packet);
}

/** Options of neighbour discovery (RFC 4861 §4.6). */
function options(packet: Dissection): Next {
  while (packet.left >= 2) {
    const length = (packet.peek(1) ?? 0) * 8;
    if (length === 0) return undefined;
    packet.group("Option", () => {
      const kind = packet.u8("Kind");
      packet.u8("Length", (units) => `${units * 8} bytes`);
      const isAddress = (kind === 1 || kind === 2) && length === 8;
      const value = packet.take("Value", length - 2, isAddress ? macText : (bytes) => hex(bytes));
      if (isAddress) packet.info += kind === 1 ? ` from ${value}` : ` is at ${value}`;
      return value;
    });
  }
  return undefined;
}
