import { hex } from "./text.ts";

/** Bytes on a line of a hex view. */
const width = 16;

/** A line of a hex view: `0010`, `45 00 …`, `E.…`. */
export interface HexLine {
  readonly offset: string;
  readonly hex: string;
  readonly text: string;
}

/** Bytes as lines of sixteen, with their offset and what of them is printable ASCII. */
export function hexDump(bytes: Uint8Array): HexLine[] {
  return Array.from({ length: Math.ceil(bytes.length / width) }, (_, line) => {
    const part = bytes.subarray(line * width, (line + 1) * width);
    const text = Array.from(part, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "."));
    return { offset: (line * width).toString(16).padStart(4, "0"), hex: hex(part, " "), text: text.join("") };
  });
}
