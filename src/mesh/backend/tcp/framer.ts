/** Longest message of a frame, bytes: what its length field can say (spec §3.2). */
export const maxFrameBytes = 65_535;

/** A message is given this much memory before anything but its length has come: lengths may lie. */
const firstBytes = 4096;

/** The length that goes before a message: u16, little-endian (spec §3.2). */
export function frameHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(2);
  header.writeUInt16LE(length);
  return header;
}

/** Cuts a byte stream into messages. Empty messages are left out: they mean nothing (spec §3.2). */
export class Framer {
  /** The first byte of a length whose second has not come. */
  #lowByte: number | undefined;
  /** Length of the message that has come in part, bytes; 0: none has. */
  #wanted = 0;
  #partial = Buffer.alloc(0);
  #filled = 0;

  /** Something has come of which the rest is missing. */
  get isMidway(): boolean {
    return this.#lowByte !== undefined || this.#wanted > 0;
  }

  /**
   * The messages that are whole now. Those that lie whole in the chunk are given as parts of its memory, no two
   * overlapping; only one that came in pieces is copied.
   */
  push(chunk: Buffer): Uint8Array[] {
    const messages: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#wanted === 0) {
        at = this.#readLength(chunk, at);
        continue;
      }
      const length = Math.min(this.#wanted - this.#filled, chunk.length - at);
      const piece = chunk.subarray(at, at + length);
      at += length;
      const message = length === this.#wanted ? piece : this.#gather(piece);
      if (!message) continue;
      messages.push(message);
      this.#wanted = 0;
    }
    return messages;
  }

  /** @returns where to read on. */
  #readLength(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    if (this.#lowByte === undefined) {
      this.#lowByte = byte;
    } else {
      this.#wanted = this.#lowByte | (byte << 8);
      this.#lowByte = undefined;
    }
    return at + 1;
  }

  /** @returns the message when this was its last piece. */
  #gather(piece: Buffer): Buffer | undefined {
    const filled = this.#filled + piece.length;
    if (filled > this.#partial.length) this.#grow(filled);
    piece.copy(this.#partial, this.#filled);
    this.#filled = filled;
    if (filled < this.#wanted) return undefined;
    const message = this.#partial.subarray(0, filled);
    this.#partial = Buffer.alloc(0);
    this.#filled = 0;
    return message;
  }

  #grow(needed: number): void {
    const size = Math.min(this.#wanted, Math.max(needed, 2 * this.#partial.length, firstBytes));
    // Not of the shared pool: the message is the receiver's to keep.
    const grown = Buffer.allocUnsafeSlow(size);
    this.#partial.copy(grown, 0, 0, this.#filled);
    this.#partial = grown;
  }
}
