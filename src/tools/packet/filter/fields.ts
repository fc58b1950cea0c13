import type { Field, Packet } from "../packet.ts";

/** A packet and its number in the capture, counted from 1. */
export interface Numbered {
  readonly packet: Packet;
  readonly number: number;
}

/** What values of a field are compared as. */
export type FieldKind = "number" | "address" | "hardware" | "text";

export interface KnownField {
  readonly kind: FieldKind;
  /** Its values in a packet: none, one, or several. */
  readonly values: (numbered: Numbered) => readonly string[];
}

const source = "Source";
const destination = "Destination";

const flagNames: Readonly<Record<string, string>> = { reset: "RST", push: "PSH" };

/** Fields by the names that Wireshark's filters have for them. */
export const knownFields: ReadonlyMap<string, KnownField> = new Map([
  ["frame.number", told("number", ({ number }) => [String(number)])],
  ["frame.len", told("number", ({ packet }) => [String(packet.summary.length)])],
  ["frame.info", told("text", ({ packet }) => [packet.summary.info])],
  ...pair("eth", "ethernet", "hardware", ["src", "dst", "addr"], [source, destination]),
  ...pair("ip", "ipv4", "address", ["src", "dst", "addr"], [source, destination]),
  ...pair("ipv6", "ipv6", "address", ["src", "dst", "addr"], [source, destination]),
  ...pair("tcp", "tcp", "number", ["srcport", "dstport", "port"], ["Source port", "Destination port"]),
  ...pair("udp", "udp", "number", ["srcport", "dstport", "port"], ["Source port", "Destination port"]),
  ["eth.type", read("number", "ethernet", ["Type"])],
  ["vlan.id", read("number", "vlan", ["VLAN"])],
  ["ip.proto", read("number", "ipv4", ["Protocol"])],
  ["ip.ttl", read("number", "ipv4", ["Time to live"])],
  ["ip.len", read("number", "ipv4", ["Total length"])],
  ["ipv6.nxt", read("number", "ipv6", ["Next header"])],
  ["ipv6.hlim", read("number", "ipv6", ["Hop limit"])],
  ["arp.opcode", read("number", "arp", ["Operation"])],
  ["icmp.type", read("number", "icmp", ["Type"])],
  ["icmp.code", read("number", "icmp", ["Code"])],
  ["icmpv6.type", read("number", "icmpv6", ["Type"])],
  ["tcp.seq", read("number", "tcp", ["Sequence number"])],
  ["tcp.ack", read("number", "tcp", ["Acknowledgment number"])],
  ["tcp.window_size", read("number", "tcp", ["Window"])],
  ...["fin", "syn", "reset", "push", "ack", "urg"].map((name) => [`tcp.flags.${name}`, flag(name)] as const),
  ["udp.length", read("number", "udp", ["Length"])],
  ["dns.id", read("number", "dns", ["Id"])],
  ["dns.qry.name", read("text", "dns", ["Question", "Name"])],
  ["dns.qry.type", read("number", "dns", ["Question", "Type"])],
  ["dns.a", either(read("address", "dns", ["Answer", "Address"]), read("address", "dns", ["Additional", "Address"]))],
  ["http.host", read("text", "http", ["Host"])],
  ["http.first_line", read("text", "http", ["First line"])],
  ["http.content_type", read("text", "http", ["Content-Type"])],
  ["tls.sni", read("text", "tls", ["Client Hello", "Extension", "Name"])],
]);

function told(kind: FieldKind, values: KnownField["values"]): KnownField {
  return { kind, values };
}

/** A value at a place of a protocol's layer: names of fields, from the outermost on. */
function read(kind: FieldKind, protocol: string, path: readonly string[]): KnownField {
  const values = ({ packet }: Numbered): string[] =>
    packet.layers.filter((layer) => layer.protocol === protocol).flatMap(({ fields }) => textsAt(fields, path));
  return { kind, values };
}

function either(one: KnownField, other: KnownField): KnownField {
  return { kind: one.kind, values: (numbered) => [...one.values(numbered), ...other.values(numbered)] };
}

/** Two values, each by its name, and both by a third. */
function pair(
  prefix: string,
  protocol: string,
  kind: FieldKind,
  [from, to, any]: readonly [string, string, string],
  [first, second]: readonly [string, string],
): [string, KnownField][] {
  const [one, other] = [read(kind, protocol, [first]), read(kind, protocol, [second])];
  return [
    [`${prefix}.${from}`, one],
    [`${prefix}.${to}`, other],
    [`${prefix}.${any}`, either(one, other)],
  ];
}

function flag(name: string): KnownField {
  const shown = flagNames[name] ?? name.toUpperCase();
  const flags = read("text", "tcp", ["Flags"]);
  return told("number", (numbered) =>
    flags.values(numbered).map((text) => (text.split(", ").includes(shown) ? "1" : "0")),
  );
}

function textsAt(fields: readonly Field[], [name, ...rest]: readonly string[]): string[] {
  const found = fields.filter((field) => field.name === name);
  return rest.length === 0
    ? found.map(({ text }) => text)
    : found.flatMap((field) => textsAt(field.fields ?? [], rest));
}

/** Names of protocols in filters, and what their layers are called here. */
const protocolNames: Readonly<Record<string, string>> = { eth: "ethernet", ip: "ipv4", sll: "cooked" };
const protocols: ReadonlySet<string> = new Set(
  "ethernet vlan arp cooked loopback ipv4 ipv6 icmp icmpv6 tcp udp dns http tls data".split(" "),
);

/** The layer that a protocol's name stands for; undefined: none is called so. */
export function layerOf(name: string): string | undefined {
  const layer = protocolNames[name] ?? name;
  return protocols.has(layer) ? layer : undefined;
}
