import { decodePacket, PcapPackets, type PcapPacket } from "#tools";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";

export interface PacketLinesOptions {
  /** Whether lines bear the worker's name. */
  readonly isMarked: boolean;
  readonly isJson: boolean;
  readonly terminal: Terminal;
}

/** Columns before the last one: time, source, destination, protocol, length. */
const widths = [12, 24, 24, 9, 6] as const;

/** Packets as lines, as their bytes come: columns for eyes, or JSON with every layer. */
export class PacketLines {
  readonly #options: PacketLinesOptions;
  readonly #captures = new Map<string, { readonly packets: PcapPackets; count: number; firstAt: number | undefined }>();
  #isHeaded = false;

  constructor(options: PacketLinesOptions) {
    this.#options = options;
  }

  async take(worker: string, chunk: Uint8Array): Promise<void> {
    const known = this.#captures.get(worker);
    const capture = known ?? { packets: new PcapPackets(), count: 0, firstAt: undefined };
    if (!known) this.#captures.set(worker, capture);
    const lines = capture.packets.push(chunk).map((packet) => {
      capture.firstAt ??= packet.time;
      return this.#line(worker, packet, ++capture.count, packet.time - capture.firstAt);
    });
    const { fault } = capture.packets.index;
    if (fault !== undefined) throw new Error(`the output of ${worker} is no capture: ${fault}`);
    if (lines.length > 0) await this.#print(lines);
  }

  async #print(lines: readonly string[]): Promise<void> {
    const { isJson, isMarked, terminal } = this.#options;
    if (!isJson && !this.#isHeaded) {
      const names = [...(isMarked ? ["worker"] : []), "time", "source", "destination", "protocol", "length", "info"];
      terminal.print(terminal.colours.faint(columns(names, isMarked)));
      this.#isHeaded = true;
    }
    await terminal.write(Buffer.from(`${lines.join("\n")}\n`));
  }

  #line(worker: string, packet: PcapPacket, number: number, since: number): string {
    const { isJson, isMarked, terminal } = this.#options;
    const { summary, layers, truncated } = decodePacket(packet.bytes, packet);
    if (isJson) return JSON.stringify({ worker, number, ...summary, truncated, layers });
    const { source, destination, protocol, length, info } = summary;
    const cells = [since.toFixed(6), source, destination, protocol, String(length), oneLine(info)];
    const line = columns(isMarked ? [oneLine(worker), ...cells] : cells, isMarked);
    const room = terminal.columns ?? line.length;
    return line.length > room ? `${line.slice(0, room - 1)}…` : line;
  }
}

function columns(cells: readonly string[], isMarked: boolean): string {
  const all = isMarked ? [16, ...widths] : widths;
  return cells
    .map((cell, at) => (at < all.length ? cell.padEnd(all[at] ?? 0) : cell))
    .join(" ")
    .trimEnd();
}
