import { isIP, isIPv4 } from "node:net";

/** Addresses from one on, as many as the prefix leaves open. An address alone is a network of itself. */
export interface Network {
  readonly family: 4 | 6;
  readonly first: bigint;
  /** How many there are. */
  readonly size: bigint;
}

const widths = { 4: 32, 6: 128 } as const;

/**
 * An address or a network in CIDR; undefined for anything else, such as a name. Bits behind the prefix count as zero, and an
 * IPv4 address written as an IPv6 one (`::ffff:10.0.0.1`, or `::10.0.0.1` of old) is the IPv4 address. Forms that only `inet_aton` knows (`010.1`,
 * `0x7f.1`) are none.
 */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", prefix, ...more] = text.split("/");
  const family = isIP(address);
  if ((family !== 4 && family !== 6) || address.includes("%") || more.length > 0) return undefined;
  const width = widths[family];
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > width)) return undefined;
  const open = BigInt(width - Number(prefix ?? width));
  const value = family === 4 ? bitsOf4(address) : bitsOf6(address);
  return plain({ family, first: (value >> open) << open, size: 1n << open });
}

const mapped = 0xffffn << 32n;
/** Below it are `::` and `::1`, which are no IPv4 addresses. */
const firstCompatible = 1n << 24n;

/** IPv4 in IPv6's clothes is the same host, and must not pass by a rule for the one as the other. */
function plain(network: Network): Network {
  const { family, first, size } = network;
  if (family === 4 || size > 1n << 32n) return network;
  if (first >> 32n === mapped >> 32n) return { family: 4, first: first - mapped, size };
  return first >> 32n === 0n && first >= firstCompatible ? { ...network, family: 4 } : network;
}

function bitsOf4(address: string): bigint {
  return address.split(".").reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
}

function bitsOf6(address: string): bigint {
  const [head = "", tail] = address.split("::");
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0n);
  return [...front, ...zeros, ...back].reduce((bits, group) => (bits << 16n) | group, 0n);
}

function groupsOf(text: string): bigint[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!isIPv4(group)) return [BigInt(`0x${group}`)];
    const bits = bitsOf4(group);
    return [bits >> 16n, bits & 0xffffn];
  });
}

/** Is all of `inner` in `outer`? */
export function contains(outer: Network, inner: Network): boolean {
  return (
    outer.family === inner.family && inner.first >= outer.first && inner.first + inner.size <= outer.first + outer.size
  );
}

/** Have they an address in common? */
export function overlap(one: Network, other: Network): boolean {
  return one.family === other.family && one.first < other.first + other.size && other.first < one.first + one.size;
}

/** All addresses of a network as text, in order. The caller has looked at its size. */
export function addressesOf({ family, first, size }: Network): string[] {
  return Array.from({ length: Number(size) }, (_, n) => addressText(family, first + BigInt(n)));
}

function addressText(family: 4 | 6, bits: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, n) => ((bits >> BigInt(112 - 16 * n)) & 0xffffn).toString(16));
  return shortest(groups);
}

/** The longest run of zero groups as `::` (RFC 5952 §4.2). */
function shortest(groups: readonly string[]): string {
  let [start, length] = [-1, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === "0") end++;
    if (end - at > length) [start, length] = [at, end - at];
    at = Math.max(at, end);
  }
  if (start < 0) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}
