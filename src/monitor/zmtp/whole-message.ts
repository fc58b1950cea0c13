import { keptParts, type ZmtpMessage } from "./message.ts";

const shortHeader = 2;

/**
 * The quick way of most messages: a few short frames (RFC 37/ZMTP §"Framing") that came together. Nothing is copied and
 * nothing made for them.
 *
 * @param longest of a frame; a message is no longer than so many of them as are kept.
 * @returns where the next message begins; `at` when no such message stands there whole, which may be as right as this, or a
 * fault: then it is read frame by frame.
 */
export function readWholeMessage(bytes: Buffer, at: number, longest: number, into: ZmtpMessage): number {
  into.begin(bytes);
  for (let next = at; next + shortHeader <= bytes.length; ) {
    const flags = bytes[next] as number;
    const length = bytes[next + 1] as number;
    const start = next + shortHeader;
    next = start + length;
    // Long frames and commands have other flags.
    if (flags > 1 || length > longest || next > bytes.length || into.count === keptParts) return at;
    into.add(start, next);
    if (flags === 0) return next;
  }
  return at;
}
