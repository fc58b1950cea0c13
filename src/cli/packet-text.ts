import { type Field, hexDump, type Packet, type PacketSummary } from "#tools/wire";
import type { Terminal } from "./terminal.ts";

type Look = Pick<Terminal, "columns" | "colours">;

/** A packet on one line: number, seconds since the first, source, destination, protocol, length, what it says. */
export function summaryLine(number: number, summary: PacketSummary, firstAt: number, { columns }: Look): string {
  const { time, source, destination, protocol, length, info } = summary;
  const cells = [
    String(number).padStart(6),
    (time - firstAt).toFixed(6).padStart(12),
    ...[source, destination].map((address) => address.padEnd(22)),
    protocol.padEnd(8),
    String(length).padStart(6),
  ];
  const line = `${cells.join(" ")} ${info}`;
  return columns !== undefined && line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
}

/** A packet in full: its layers as a tree, and its bytes. */
export function packetText(number: number, packet: Packet, bytes: Uint8Array, { colours }: Look): string[] {
  const { layers, summary, truncated } = packet;
  const cut = truncated ? ` (${bytes.length} of them captured)` : "";
  return [
    `Packet ${number}: ${new Date(summary.time * 1_000).toISOString()}, ${summary.length} bytes${cut}`,
    ...layers.flatMap(({ title, fields }) => [colours.strong(title), ...fieldLines(fields, 1)]),
    "",
    ...hexDump(bytes).map(({ offset, hex, text }) => `${colours.faint(offset)}  ${hex.padEnd(47)}  ${text}`),
  ];
}

function fieldLines(fields: readonly Field[], depth: number): string[] {
  return fields.flatMap(({ name, text, fields: inner = [] }) => [
    `${"  ".repeat(depth)}${name}: ${text}`,
    ...fieldLines(inner, depth + 1),
  ]);
}
