import type { ZmtpMessage } from "../zmtp/message.ts";
import { closing, isPlainByte, partNames } from "./progress-text.ts";
import { writeHeader } from "./text-frame.ts";

/** Longest text that is made here. Longer ones are rare, and made elsewhere. */
const longestText = 4_096;
const longestHeader = 4;

/**
 * Makes the frame of a message whose parts are printable ASCII that needs no escape, which nearly all are: their bytes go once
 * from where they came to one place that serves every message, and nothing is allocated.
 */
export class PlainProgress {
  readonly #room = Buffer.alloc(longestHeader + longestText);
  /** The first bytes of the room, for each length that was asked for. */
  readonly #views: Buffer[] = [];

  /**
   * The frame of the message's parts from `first` on, as `progressFrame()` makes it. It holds until the next is made.
   *
   * @returns undefined for a message that is not so plain, that is too long, or has parts that are left out.
   */
  frame(message: ZmtpMessage, first: number): Buffer | undefined {
    const count = message.count - first;
    if (count < 1 || count > partNames.length) return undefined;
    const length = textLength(message, first);
    if (length > longestText) return undefined;
    let at = writeHeader(this.#room, length);
    for (let n = 0; n < count; n++) {
      at = this.#write(partNames[n] as Uint8Array, at);
      const [start, end] = [message.start(first + n), message.end(first + n)];
      for (let from = start; from < end; from++) {
        const byte = message.bytes[from] as number;
        if (!isPlainByte(byte)) return undefined;
        this.#room[at++] = byte;
      }
    }
    at = this.#write(closing, at);
    return (this.#views[at] ??= this.#room.subarray(0, at));
  }

  #write(bytes: Uint8Array, at: number): number {
    for (let n = 0; n < bytes.length; n++) this.#room[at + n] = bytes[n] as number;
    return at + bytes.length;
  }
}

function textLength(message: ZmtpMessage, first: number): number {
  let length = closing.length;
  for (let n = first; n < message.count; n++)
    length += (partNames[n - first] as Uint8Array).length + message.lengthOf(n);
  return length;
}
