import {
  decodePacket,
  looksLikeFilter,
  type PacketFilter,
  type PacketSummary,
  type PcapPacket,
  readPacketFilter,
} from "#tools/wire";
import type { Captured } from "./captured.ts";

/** What a text asks for; a fault instead, for a filter that cannot be read. */
export function wantedBy(text: string): PacketFilter | { readonly fault: string } {
  if (looksLikeFilter(text)) return readPacketFilter(text);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ packet }) => fits(packet.summary, words);
}

/** The packets that fit, looked for bit by bit so that the page stays awake. */
export class PacketSearch {
  /** Numbers of those that fit, in their order. */
  readonly found: number[] = [];
  /** How many were looked at. */
  looked = 0;
  readonly #captured: Captured;
  readonly #wanted: PacketFilter;

  constructor(captured: Captured, wanted: PacketFilter) {
    this.#captured = captured;
    this.#wanted = wanted;
  }

  /** Look at more of them, `most` at once. @returns whether there is something left. */
  step(most: number): boolean {
    const end = Math.min(this.#captured.index.count, this.looked + most);
    for (; this.looked < end; this.looked++) {
      const { bytes, ...record } = this.#captured.packet(this.looked);
      const packet = decodePacket(bytes, record);
      if (this.#wanted({ packet, number: this.looked + 1 })) this.found.push(this.looked);
    }
    return this.looked < this.#captured.index.count;
  }
}

/** Whether all words stand in one or another column. */
export function fits({ source, destination, protocol, info }: PacketSummary, words: readonly string[]): boolean {
  const text = `${source} ${destination} ${protocol} ${info}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** A packet's line. */
export const summaryOf = (packet: PcapPacket): PacketSummary => decodePacket(packet.bytes, packet).summary;
