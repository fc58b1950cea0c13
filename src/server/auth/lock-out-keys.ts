import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";

/**
 * What failures of a user name are counted under, known or not. Hashed: people type their password where the name
 * belongs.
 */
export function nameKey(name: string): string {
  return `user:${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
}

/** What wrong codes of a user are counted under. */
export function factorKey(userId: string): string {
  return `factor:${userId}`;
}

/**
 * What failures from an address are counted under: an IPv4 address, the /64 network of an IPv6 one (a single customer
 * has as many addresses in it as they want), or whatever else names a source.
 */
export function sourceKey(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return `source:${mapped}`;
  return `source:${isIPv6(address) ? networkOf(address) : address.slice(0, 100)}`;
}

function networkOf(address: string): string {
  const [bare = ""] = address.toLowerCase().split("%");
  const [head = "", tail] = bare.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  // An IPv4 address at the end stands for two groups; it is never among the first four.
  const after = tail === undefined ? [] : groups(tail).flatMap((group) => (group.includes(".") ? ["0", "0"] : [group]));
  const before = groups(head);
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => "0");
  const network = [...before, ...zeros, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
