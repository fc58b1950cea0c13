import type { Dissection } from "./dissection.ts";

/** A name has at most 255 bytes (RFC 1035 §2.3.4); one that is longer points in circles. */
const maxNameBytes = 255;

/**
 * A name of a DNS message: labels, and pointers to where the rest stands (RFC 1035 §4.1.4).
 *
 * @param start where the message begins, which pointers count from.
 * @returns labels joined by dots, `<Root>` for none. What is no letter, digit, `-` or `_` is written as in zone files.
 */
export function dnsName(packet: Dissection, name: string, start: number): string {
  const from = packet.at;
  const labels: string[] = [];
  let bytes = 0;
  let at = from;
  let behind: number | undefined;
  for (;;) {
    const length = byteAt(packet, at);
    if (length >= 0xc0) {
      const target = start + (((length & 0x3f) << 8) | byteAt(packet, at + 1));
      behind ??= at + 2;
      // Only backwards: what points forwards or at itself has no end.
      if (target >= at) return found(packet, name, { text: "<bad pointer>", from, behind });
      at = target;
      continue;
    }
    at += 1;
    bytes += length + 1;
    if (length === 0) break;
    if (length > 63 || bytes > maxNameBytes)
      return found(packet, name, { text: "<bad name>", from, behind: behind ?? at });
    byteAt(packet, at + length - 1);
    labels.push(labelText(packet.bytes.subarray(at, at + length)));
    at += length;
  }
  return found(packet, name, { text: labels.join(".") || "<Root>", from, behind: behind ?? at });
}

/** @throws {Cut} behind the end. */
function byteAt(packet: Dissection, at: number): number {
  packet.need(at + 1 - packet.at);
  return packet.bytes[at] as number;
}

interface Found {
  readonly text: string;
  readonly from: number;
  readonly behind: number;
}

function found(packet: Dissection, name: string, { text, from, behind }: Found): string {
  packet.note(name, text, from, behind - from);
  packet.at = behind;
  return text;
}

function labelText(label: Uint8Array): string {
  let text = "";
  for (const byte of label) {
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}
