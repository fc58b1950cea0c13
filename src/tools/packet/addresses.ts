import { hex } from "./text.ts";

/** `02:42:ac:11:00:02`. */
export function macText(bytes: Uint8Array): string {
  return hex(bytes, ":");
}

/** `192.0.2.1`. */
export function ipv4Text(bytes: Uint8Array): string {
  return bytes.join(".");
}

/** The canonical text of RFC 5952: lower case, the longest run of zeros as `::`, IPv4-mapped ones with dots. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, n) => (bytes[2 * n] as number) * 256 + (bytes[2 * n + 1] as number));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${ipv4Text(bytes.subarray(12, 16))}`;
  }
  const { from, length } = longestZeros(groups);
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  // One zero alone is written out.
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`;
}

function longestZeros(groups: readonly number[]): { from: number; length: number } {
  let best = { from: 0, length: 0 };
  for (let from = 0; from < groups.length; from++) {
    let length = 0;
    while (groups[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
  }
  return best;
}
