import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodePacket } from "./decode.ts";
import type { PacketSummary } from "./packet.ts";
import { PcapPackets } from "./pcap-packets.ts";

const folder = join(import.meta.dirname, "captures");

/** Columns of tshark, and ours, without what one packet alone cannot know. */
function columns({ source, destination, protocol, length, info }: Omit<PacketSummary, "time">): string[] {
  const said = info
    .replace(/ \((request|reply) in \d+\)| \(no response found!\)/g, "")
    .replace(/ \(SNI=[^)]*\)/, "")
    .replace("[Packet size limited during capture]", " [truncated]")
    .replace(/(?<!SYN.*)Win=\d+ /, "")
    .replace(/ \((sol|ovr|rtr)(, \w+)*\)/, "")
    .replace(/ +/g, " ")
    .trim();
  // Which version a TLS connection has only its Server Hello tells.
  return [source, destination, protocol.replace(/^TLSv.*/, "TLS"), String(length), said];
}

function ours(file: string): { time: number; columns: string[] }[] {
  const packets = new PcapPackets().push(readFileSync(join(folder, `${file}.pcap`)));
  return packets.map(({ bytes, ...record }) => {
    const { summary } = decodePacket(bytes, record);
    return { time: summary.time, columns: columns(summary) };
  });
}

function theirs(file: string): { time: number; columns: string[] }[] {
  const lines = readFileSync(join(folder, `${file}.tshark.txt`), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => {
    const [time, source = "", destination = "", protocol = "", length, info = ""] = line.split("\t");
    return { time: Number(time), columns: columns({ source, destination, protocol, length: Number(length), info }) };
  });
}

test.each(["mixed", "any", "made", "raw"])("decodePacket() says of %s.pcap what tshark says", (file) => {
  const [we, they] = [ours(file), theirs(file)];
  expect(we.map((packet) => packet.columns)).toEqual(they.map((packet) => packet.columns));
  for (const [at, { time }] of we.entries()) expect(time).toBeCloseTo(they[at]?.time ?? 0, 5);
});
