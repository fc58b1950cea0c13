import { decodePacket, type PacketSummary, type PcapPacket } from "#tools/wire";
import type { Captured } from "./captured.ts";

/** The packets that fit a text, looked for bit by bit so that the page stays awake. */
export class PacketSearch {
  /** Numbers of those that fit, in their order. */
  readonly found: number[] = [];
  /** How many were looked at. */
  looked = 0;
  readonly #captured: Captured;
  readonly #words: readonly string[];

  /** @param text words that must all be in the columns; `tcp` or `10.0.0.1` are words as others. */
  constructor(captured: Captured, text: string) {
    this.#captured = captured;
    this.#words = text.toLowerCase().split(/\s+/).filter(Boolean);
  }

  /** Look at more of them, `most` at once. @returns whether there is something left. */
  step(most: number): boolean {
    const end = Math.min(this.#captured.index.count, this.looked + most);
    for (; this.looked < end; this.looked++) {
      if (fits(summaryOf(this.#captured.packet(this.looked)), this.#words)) this.found.push(this.looked);
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
