import { textOf } from "./progress-text.ts";

/** Ids of channels as texts. Most messages are for the channel of the one before: then its text is not made again. */
export class ChannelNames {
  #bytes: Uint8Array = new Uint8Array(0);
  #name: string | undefined = "";

  /** The id that stands from `start` to `end`; undefined when it is no UTF-8. */
  at(bytes: Buffer, start: number, end: number): string | undefined {
    if (!this.#isSame(bytes, start, end)) {
      this.#bytes = Uint8Array.prototype.slice.call(bytes, start, end);
      this.#name = textOf(this.#bytes);
    }
    return this.#name;
  }

  #isSame(bytes: Buffer, start: number, end: number): boolean {
    if (end - start !== this.#bytes.length) return false;
    for (let n = 0; n < this.#bytes.length; n++) if (bytes[start + n] !== this.#bytes[n]) return false;
    return true;
  }
}
