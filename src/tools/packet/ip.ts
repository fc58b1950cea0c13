import { ipv4Text, ipv6Text } from "./addresses.ts";
import { Cut, type Dissect, type Dissection, type Next } from "./dissection.ts";
import { ipProtocols } from "./numbers.ts";
import { hex, hexNumber, named } from "./text.ts";

const optionNames = {
  0: "end",
  1: "no operation",
  7: "record route",
  68: "timestamp",
  131: "loose route",
  148: "router alert",
};

/** IPv4 (RFC 791). */
export const ipv4: Dissect = (packet) => {
  const layer = packet.layer("ipv4", "IPv4");
  packet.protocol = "IPv4";
  const start = packet.at;
  const first = packet.u8("Version and header length", (value) => `${value >> 4}, ${(value & 15) * 4} bytes`);
  const service = packet.u8("Type of service", hexNumber(2));
  packet.note("DSCP", String(service >> 2), start + 1, 1);
  packet.note("ECN", String(service & 3), start + 1, 1);
  const total = packet.u16("Total length");
  const id = packet.u16("Identification", hexNumber(4));
  const fragment = packet.u16("Flags and offset", hexNumber(4));
  packet.note("Flags", fragmentFlags(fragment), start + 6, 1);
  const offset = (fragment & 0x1fff) * 8;
  packet.note("Fragment offset", String(offset), start + 6, 2);
  packet.hopLimit = packet.u8("Time to live");
  const protocol = packet.u8("Protocol", named(ipProtocols));
  packet.u16("Header checksum", hexNumber(4));
  packet.source = packet.take("Source", 4, ipv4Text);
  packet.destination = packet.take("Destination", 4, ipv4Text);
  layer.title = `IPv4, ${packet.source} → ${packet.destination}`;
  const headerLength = (first & 15) * 4;
  if (headerLength < 20) return bogus(packet, `Bogus IP header length (${headerLength}, must be at least 20)`);
  optionsUntil(packet, start + headerLength);
  // Large segments that the network card cuts up later have no length yet: then it goes on to the end.
  if (total !== 0) packet.narrow(total - (packet.at - start));
  if (offset === 0) return { ipProtocol: protocol };
  // Only the first fragment has the header of what is inside.
  const name = `${ipProtocols[protocol] ?? "unknown"} ${protocol}`;
  packet.info = `Fragmented IP protocol (proto=${name}, off=${offset}, ID=${id.toString(16).padStart(4, "0")})`;
  return undefined;
};

function fragmentFlags(word: number): string {
  const names = [word & 0x4000 ? "don't fragment" : "", word & 0x2000 ? "more fragments" : ""];
  return names.filter((name) => name !== "").join(", ") || "none";
}

/** Options of IPv4 as they lie, each with its bytes. */
function optionsUntil(packet: Dissection, end: number): void {
  while (packet.at < end) {
    packet.group("Option", () => {
      const kind = packet.u8("Kind", named(optionNames));
      if (kind > 1) {
        const length = packet.u8("Length");
        const rest = Math.min(length - 2, end - packet.at);
        if (rest > 0) packet.take("Value", rest, (bytes) => hex(bytes));
      }
      return named(optionNames)(kind);
    });
  }
}

function bogus(packet: Dissection, info: string): Next {
  packet.info = info;
  packet.truncated = true;
  return undefined;
}

/** IPv6 (RFC 8200). */
export const ipv6: Dissect = (packet) => {
  const layer = packet.layer("ipv6", "IPv6");
  packet.protocol = "IPv6";
  const start = packet.at;
  const first = packet.u32("Version, class and flow", hexNumber(8));
  packet.note("Version", String(first >>> 28), start, 1);
  packet.note("Traffic class", hexNumber(2)((first >>> 20) & 0xff), start, 2);
  packet.note("Flow label", hexNumber(5)(first & 0xfffff), start + 1, 3);
  const length = packet.u16("Payload length");
  const next = packet.u8("Next header", named(ipProtocols));
  packet.hopLimit = packet.u8("Hop limit");
  packet.source = packet.take("Source", 16, ipv6Text);
  packet.destination = packet.take("Destination", 16, ipv6Text);
  layer.title = `IPv6, ${packet.source} → ${packet.destination}`;
  // A jumbogram says so with 0 (RFC 2675).
  if (length !== 0) packet.narrow(length);
  return { ipProtocol: next };
};

/** Headers of IPv6 that say their length and what comes next: options and routing (RFC 8200 §4). */
export const ipv6Extension: Dissect = (packet) => {
  const layer = packet.layer("ipv6-extension", "IPv6 extension header");
  const next = packet.u8("Next header", named(ipProtocols));
  const length = packet.u8("Length", (value) => `${(value + 1) * 8} bytes`);
  packet.take("Data", (length + 1) * 8 - 2, (bytes) => hex(bytes));
  layer.title = "IPv6 extension header";
  return { ipProtocol: next };
};

/** The fragment header (RFC 8200 §4.5). */
export const ipv6Fragment: Dissect = (packet) => {
  packet.layer("ipv6-fragment", "IPv6 fragment");
  const next = packet.u8("Next header", named(ipProtocols));
  packet.u8("Reserved");
  const at = packet.at;
  const word = packet.u16("Offset and flag", hexNumber(4));
  const offset = word & 0xfff8;
  packet.note("Fragment offset", String(offset), at, 2);
  packet.note("More fragments", word & 1 ? "yes" : "no", at, 2);
  const id = packet.u32("Identification", hexNumber(8));
  if (offset === 0) return { ipProtocol: next };
  const more = word & 1 ? "y" : "n";
  packet.info = `IPv6 fragment (off=${offset} more=${more} ident=${hexNumber(8)(id)} nxt=${next})`;
  return undefined;
};

/** The authentication header (RFC 4302): what follows is not encrypted. */
export const authenticationHeader: Dissect = (packet) => {
  packet.layer("ah", "IP authentication header");
  packet.protocol = "AH";
  const next = packet.u8("Next header", named(ipProtocols));
  const words = packet.u8("Length", (value) => `${(value + 2) * 4} bytes`);
  packet.u16("Reserved");
  packet.u32("Security parameters index", hexNumber(8));
  packet.u32("Sequence");
  if (words < 1) throw new Cut();
  packet.take("Integrity check", (words - 1) * 4, (bytes) => hex(bytes));
  return { ipProtocol: next };
};
