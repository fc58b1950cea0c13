import { type PcapHeader, PcapIndex, type PcapPacket } from "#tools/wire";

/** A browser keeps no more of a capture than that; the file has all of it. */
export const mostBytes = 256 * 1024 * 1024;

/** A capture in memory, as it arrives: any packet by its number. */
export class Captured {
  readonly index = new PcapIndex();
  readonly #chunks: { readonly from: number; readonly bytes: Uint8Array }[] = [];

  push(bytes: Uint8Array): void {
    this.#chunks.push({ from: this.index.bytes, bytes });
    this.index.push(bytes);
  }

  get isFull(): boolean {
    return this.index.bytes >= mostBytes;
  }

  get header(): PcapHeader | undefined {
    return this.index.header;
  }

  /** By number from 0. @throws {RangeError} when it has not come. */
  packet(number: number): PcapPacket {
    const record = this.index.record(number);
    const bytes = this.#bytes(record.offset, record.capturedLength);
    return { ...record, linkType: this.index.header?.linkType ?? 0, bytes };
  }

  #bytes(at: number, length: number): Uint8Array {
    let part = this.#chunkAt(at);
    const first = this.#chunks[part];
    // Nearly always a packet lies in one piece: no copy.
    if (first && at + length <= first.from + first.bytes.length)
      return first.bytes.subarray(at - first.from, at - first.from + length);
    const whole = new Uint8Array(length);
    for (let filled = 0; filled < length; part++) {
      const chunk = this.#chunks[part];
      if (!chunk) break;
      const start = at + filled - chunk.from;
      const piece = chunk.bytes.subarray(start, start + length - filled);
      whole.set(piece, filled);
      filled += piece.length;
    }
    return whole;
  }

  /** The last piece that begins at or before a byte. */
  #chunkAt(at: number): number {
    let [low, high] = [0, this.#chunks.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#chunks[middle]?.from ?? Number.POSITIVE_INFINITY) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
