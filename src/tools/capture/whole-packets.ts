/** Where a stream of pcap may be cut: behind its header and behind each packet (pcap-savefile(5)). Pure. */
export interface PacketLimits {
  readonly packets: number;
  /** Of the whole file, its header included. */
  readonly bytes: number;
}

/** What may be written of a piece of the stream. */
export interface WholePackets {
  /** Whole packets, or parts whose rest will be let through too. */
  readonly piece: Uint8Array;
  /** Why nothing more may be written, once that is so: a limit is reached, or the moment at which it was to end. */
  readonly full: "packets" | "bytes" | "time" | undefined;
}

const fileHeader = 24;
const packetHeader = 16;
/** tcpdump writes no longer ones (MAXIMUM_SNAPLEN); a length beyond it is damage. */
const maxPacket = 262_144;

/** Counts packets in a stream of pcap as it goes by, and says where it must end. Keeps no more than a packet's header. */
export class PacketCutter {
  readonly #limits: PacketLimits;
  #isLittle: boolean | undefined;
  /** Parts of a second in a packet's header for each millisecond. */
  #perMs = 1e3;
  /** Bytes that were held back: a header that is not whole yet. */
  #held: Buffer = Buffer.alloc(0);
  /** Bytes of the current packet, or of the file's header, that are still to come. */
  #open = 0;
  #full: WholePackets["full"];
  /** Packets of later than that, milliseconds since 1970, are not let through. */
  endAt = Number.POSITIVE_INFINITY;
  /** Packets let through, the last one maybe only in part. */
  packets = 0;
  /** Bytes let through, and those that were promised with them. */
  bytes = 0;

  constructor(limits: PacketLimits) {
    this.#limits = limits;
  }

  /** @throws {RangeError} when it is no pcap. */
  take(chunk: Uint8Array): WholePackets {
    const data =
      this.#held.length > 0
        ? Buffer.concat([this.#held, chunk])
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#held = Buffer.alloc(0);
    let at = 0;
    while (at < data.length && this.#full === undefined) {
      if (this.#open > 0) {
        const step = Math.min(this.#open, data.length - at);
        this.#open -= step;
        at += step;
      } else {
        const length = this.#nextLength(data, at);
        if (length === undefined) break;
        this.#begin(length, data, at);
      }
      if (this.#open === 0) this.#lookFull();
    }
    if (this.#full === undefined) this.#held = Buffer.from(data.subarray(at));
    return { piece: data.subarray(0, at), full: this.#full };
  }

  /** Length of what begins here, header included; undefined when too little of it is there to say. */
  #nextLength(data: Buffer, at: number): number | undefined {
    if (this.#isLittle === undefined) {
      if (data.length - at < 4) return undefined;
      this.#begun(data.readUInt32LE(at));
      return fileHeader;
    }
    if (data.length - at < packetHeader) return undefined;
    const length = this.#word(data, at + 8);
    if (length > maxPacket) throw new RangeError(`a packet of ${length} bytes`);
    return packetHeader + length;
  }

  #begin(length: number, data: Buffer, at: number): void {
    const isPacket = this.bytes > 0;
    if (isPacket && this.#timeOf(data, at) > this.endAt) {
      this.#full = "time";
      return;
    }
    if (isPacket && this.bytes + length > this.#limits.bytes) {
      this.#full = "bytes";
      return;
    }
    this.#open = length;
    this.bytes += length;
    if (isPacket) this.packets++;
  }

  #lookFull(): void {
    if (this.packets >= this.#limits.packets) this.#full ??= "packets";
  }

  /** By the magic number, of microseconds or nanoseconds. */
  #begun(magic: number): void {
    const isNanoseconds = magic === 0xa1b23c4d || magic === 0x4d3cb2a1;
    this.#isLittle = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
    if (!this.#isLittle && magic !== 0xd4c3b2a1 && !isNanoseconds)
      throw new RangeError(`no pcap: it begins with ${magic.toString(16)}`);
    this.#perMs = isNanoseconds ? 1e6 : 1e3;
  }

  /** Milliseconds since 1970. */
  #timeOf(data: Buffer, at: number): number {
    return this.#word(data, at) * 1_000 + this.#word(data, at + 4) / this.#perMs;
  }

  #word(data: Buffer, at: number): number {
    return this.#isLittle ? data.readUInt32LE(at) : data.readUInt32BE(at);
  }
}
