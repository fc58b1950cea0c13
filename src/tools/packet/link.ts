import { ipv4Text, ipv6Text, macText } from "./addresses.ts";
import type { Dissect, Dissection, Next } from "./dissection.ts";
import { etherTypes } from "./numbers.ts";
import { hex, hexNumber, named } from "./text.ts";

/** Ethernet II and IEEE 802.3. */
export const ethernet: Dissect = (packet) => {
  const layer = packet.layer("ethernet", "Ethernet");
  packet.protocol = "Ethernet";
  packet.destination = packet.take("Destination", 6, macText);
  packet.source = packet.take("Source", 6, macText);
  layer.title = `Ethernet, ${packet.source} → ${packet.destination}`;
  return typeOrLength(packet);
};

/** An 802.1Q tag, behind Ethernet or behind another one. */
export const vlan: Dissect = (packet) => {
  const layer = packet.layer("vlan", "802.1Q VLAN");
  const at = packet.at;
  const tag = packet.u16("Tag", hexNumber(4));
  packet.note("Priority", String(tag >> 13), at, 2);
  packet.note("Drop eligible", tag & 0x1000 ? "yes" : "no", at, 2);
  packet.note("VLAN", String(tag & 0xfff), at, 2);
  layer.title = `802.1Q VLAN ${tag & 0xfff}`;
  packet.protocol = "VLAN";
  packet.info = `VLAN ${tag & 0xfff}`;
  return typeOrLength(packet);
};

/** Below 1,536 the two bytes are a length, and LLC follows (IEEE 802.3 §3.2.6). */
function typeOrLength(packet: Dissection): Next {
  const isLength = (packet.peek() ?? 0) < 6;
  if (!isLength) return { etherType: packet.u16("Type", named(etherTypes)) };
  packet.narrow(packet.u16("Length"));
  packet.layer("llc", "Logical link control");
  packet.protocol = "LLC";
  const to = packet.u8("Destination service", hexNumber(2));
  const from = packet.u8("Source service", hexNumber(2));
  const control = packet.u8("Control", hexNumber(2));
  packet.info = `LLC ${hexNumber(2)(from)} → ${hexNumber(2)(to)}`;
  if (to !== 0xaa || from !== 0xaa || control !== 3) return undefined;
  packet.take("Organisation", 3, (bytes) => hex(bytes, ":"));
  return { etherType: packet.u16("Type", named(etherTypes)) };
}

const directions = { 0: "to us", 1: "broadcast", 2: "multicast", 3: "to another host", 4: "from us" };

/** Linux cooked capture, version 1 (LINKTYPE_LINUX_SLL). */
export const cooked: Dissect = (packet) => {
  packet.layer("sll", "Linux cooked capture v1");
  packet.protocol = "SLL";
  packet.u16("Direction", named(directions));
  packet.u16("Hardware type");
  const length = packet.u16("Address length");
  hardwareAddress(packet, length);
  return { etherType: packet.u16("Protocol", named(etherTypes)) };
};

/** Linux cooked capture, version 2 (LINKTYPE_LINUX_SLL2), of the interface `any`. */
export const cooked2: Dissect = (packet) => {
  packet.layer("sll2", "Linux cooked capture v2");
  packet.protocol = "SLL";
  const etherType = packet.u16("Protocol", named(etherTypes));
  packet.u16("Reserved");
  packet.u32("Interface number");
  packet.u16("Hardware type");
  packet.u8("Direction", named(directions));
  hardwareAddress(packet, packet.u8("Address length"));
  return { etherType };
};

/** Always eight bytes, of which fewer may mean something. */
function hardwareAddress(packet: Dissection, length: number): void {
  packet.source = packet.take("Source", 8, (bytes) => macText(bytes.subarray(0, Math.min(8, length))));
}

/** Loopback of the BSDs: an address family, of the capturing host's byte order in one and network order in the other. */
export const loopback: Dissect = (packet) => {
  packet.layer("loopback", "Loopback");
  packet.protocol = "Loopback";
  packet.need(4);
  const isSwapped = packet.peek(0) !== 0;
  const family = packet.u32("Family", (value) => String(isSwapped ? value >>> 24 : value));
  const inet6 = [10, 24, 28, 30];
  const value = isSwapped ? family >>> 24 : family;
  return { etherType: value === 2 ? 0x0800 : inet6.includes(value) ? 0x86dd : 0 };
};

/** No header: the first four bits of IP tell its version. */
export const rawIp: Dissect = (packet) => {
  const version = (packet.peek() ?? 0) >> 4;
  return { etherType: version === 4 ? 0x0800 : version === 6 ? 0x86dd : 0 };
};

const arpOperations: Readonly<Record<number, string>> = {
  1: "request",
  2: "reply",
  3: "RARP request",
  4: "RARP reply",
};

/** ARP for Ethernet and IPv4 (RFC 826). */
export const arp: Dissect = (packet) => {
  const layer = packet.layer("arp", "ARP");
  packet.protocol = "ARP";
  packet.info = "ARP";
  packet.u16("Hardware type");
  packet.u16("Protocol type", named(etherTypes));
  const hardwareLength = packet.u8("Hardware address length");
  const protocolLength = packet.u8("Protocol address length");
  const operation = packet.u16("Operation", named(arpOperations));
  const address = (bytes: Uint8Array) => (bytes.length === 4 ? ipv4Text : bytes.length === 16 ? ipv6Text : hex)(bytes);
  const senderHardware = packet.take("Sender hardware address", hardwareLength, macText);
  const sender = packet.take("Sender address", protocolLength, address);
  packet.take("Target hardware address", hardwareLength, macText);
  const target = packet.take("Target address", protocolLength, address);
  packet.info = arpInfo(operation, { sender, senderHardware, target });
  layer.title = `ARP ${arpOperations[operation] ?? operation}`;
  return undefined;
};

interface ArpAddresses {
  readonly sender: string;
  readonly senderHardware: string;
  readonly target: string;
}

function arpInfo(operation: number, { sender, senderHardware, target }: ArpAddresses): string {
  if (operation === 1 && sender === target) return `ARP Announcement for ${sender}`;
  if (operation === 1) return `Who has ${target}? Tell ${sender}`;
  if (operation === 2) return `${sender} is at ${senderHardware}`;
  return `ARP ${arpOperations[operation] ?? `operation ${operation}`}`;
}
