/**
 * Packets a second that a capture is indexed with, as it comes in pieces of 64 KiB; and packets a second that are decoded in
 * full, as a list of them is drawn.
 *
 * The capture is one of real traffic over and over. Floor of both: a pass over the same bytes that adds them up.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodePacket } from "../dist/tools/packet/decode.js";
import { PcapIndex } from "../dist/tools/packet/pcap-index.js";
import { PcapPackets } from "../dist/tools/packet/pcap-packets.js";
import { median } from "./kit/figures.mjs";
import { printReport } from "./kit/report.mjs";
import { inRounds } from "./kit/rounds.mjs";
import { scaled } from "./kit/scale.mjs";

const rounds = 5;
const pieceBytes = 64 * 1024;
const wanted = scaled(2_000_000, 1_000);
const capture = readFileSync(join(import.meta.dirname, "../src/tools/packet/captures/mixed.pcap"));
const packets = new PcapPackets().push(capture);
const bytes = manyTimes(Math.ceil(wanted / packets.length));
const count = packets.length * Math.ceil(wanted / packets.length);

await inRounds(1, { floor: sum, indexed: index, decoded: decode });
const rates = await inRounds(rounds, { floor: sum, indexed: index, decoded: decode });
const { floor, indexed, decoded } = Object.fromEntries(
  Object.entries(rates).map(([name, figures]) => [name, median(figures)]),
);

printReport(`a capture of ${count} packets, ${Math.round(bytes.length / 1024 ** 2)} MiB, median of ${rounds}`, [
  {
    ...{ name: "indexed", unit: "packets/s", floor, farhand: indexed },
    goal: { text: "≥ 200,000", met: indexed >= 200_000 },
  },
  { name: "decoded in full", unit: "packets/s", floor, farhand: decoded },
]);

/** The header once, the records again and again. */
function manyTimes(times) {
  const [header, records] = [capture.subarray(0, 24), capture.subarray(24)];
  return Buffer.concat([header, ...Array.from({ length: times }, () => records)]);
}

async function sum() {
  let total = 0;
  return rateOf(count, () => {
    for (const piece of pieces()) for (let at = 0; at < piece.length; at++) total += piece[at];
    if (total === 0) throw new Error("a capture is not all zeros");
  });
}

async function index() {
  return rateOf(count, () => {
    const index = new PcapIndex();
    for (const piece of pieces()) index.push(piece);
    if (index.count !== count) throw new Error(`${index.count} packets of ${count}`);
  });
}

async function decode() {
  const some = Math.min(count, 50_000);
  return rateOf(some, () => {
    for (let n = 0; n < some; n++) {
      const packet = packets[n % packets.length];
      if (decodePacket(packet.bytes, packet).layers.length === 0) throw new Error(`packet ${n} has no layers`);
    }
  });
}

function* pieces() {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

function rateOf(packets, work) {
  const start = performance.now();
  work();
  return packets / ((performance.now() - start) / 1_000);
}
