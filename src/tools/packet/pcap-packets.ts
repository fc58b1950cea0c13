import { PcapIndex, type PcapRecord } from "./pcap-index.ts";

/** A record with its bytes. */
export interface PcapPacket extends PcapRecord {
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

/**
 * Packets of a capture as it arrives in pieces: what a live view needs, which shows each one and forgets it.
 *
 * It keeps the bytes of the record that is not whole yet. Ends like {@link PcapIndex}, in a `fault`.
 */
export class PcapPackets {
  readonly index = new PcapIndex();
  /** Bytes from `#from` on, which no record has taken yet. */
  #kept: Uint8Array[] = [];
  #from = 0;
  #given = 0;

  /** Bytes that came next; the packets that became whole by them. Their bytes are views into what was given where they can be. */
  push(chunk: Uint8Array): PcapPacket[] {
    this.#kept.push(chunk);
    this.index.push(chunk);
    if (this.index.fault !== undefined || this.#given === this.index.count) return [];
    const bytes = this.#joined();
    const packets: PcapPacket[] = [];
    while (this.#given < this.index.count) packets.push(this.#packet(this.index.record(this.#given++), bytes));
    const { offset, capturedLength } = packets.at(-1) as PcapPacket;
    const end = offset + capturedLength;
    // A copy, so that one small rest does not keep a large piece.
    this.#kept = [bytes.slice(end - this.#from)];
    this.#from = end;
    return packets;
  }

  #packet(record: PcapRecord, bytes: Uint8Array): PcapPacket {
    const at = record.offset - this.#from;
    const linkType = this.index.header?.linkType ?? 0;
    return { ...record, linkType, bytes: bytes.subarray(at, at + record.capturedLength) };
  }

  #joined(): Uint8Array {
    const [only] = this.#kept;
    if (only && this.#kept.length === 1) return only;
    const whole = new Uint8Array(this.#kept.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of this.#kept) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}
