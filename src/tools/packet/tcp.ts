import type { Dissect, Dissection } from "./dissection.ts";
import { bytesText, hex, hexNumber, named } from "./text.ts";

const flagNames = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];
const optionNames = {
  0: "end",
  1: "no operation",
  2: "MSS",
  3: "window scale",
  4: "SACK permitted",
  5: "SACK",
  8: "timestamps",
};

/** TCP (RFC 9293). Numbers are absolute: one packet knows nothing of the connection's beginning. */
export const tcp: Dissect = (packet) => {
  const layer = packet.layer("tcp", "TCP");
  packet.protocol = "TCP";
  const start = packet.at;
  const from = packet.u16("Source port");
  const to = packet.u16("Destination port");
  packet.info = `${from} → ${to}`;
  layer.title = `TCP, port ${from} → ${to}`;
  const sequence = packet.u32("Sequence number");
  const acknowledged = packet.u32("Acknowledgment number");
  const word = packet.u16("Header length and flags", hexNumber(4));
  const flags = flagNames.filter((_, bit) => word & (1 << bit));
  packet.note("Header length", bytesText((word >> 12) * 4), start + 12, 1);
  packet.note("Flags", flags.join(", ") || "none", start + 12, 2);
  const window = packet.u16("Window");
  packet.u16("Checksum", hexNumber(4));
  const urgent = packet.u16("Urgent pointer");
  const length = start + (word >> 12) * 4;
  if (length < packet.at) {
    packet.info += ` [Bogus header length ${(word >> 12) * 4}]`;
    packet.truncated = true;
    return undefined;
  }
  const payload = packet.declared - (length - packet.at);
  const said = [
    `[${flags.join(", ") || "<None>"}] Seq=${sequence}`,
    ...(flags.includes("ACK") ? [`Ack=${acknowledged}`] : []),
    `Win=${window}`,
    ...(flags.includes("URG") ? [`Urg=${urgent}`] : []),
    `Len=${Math.max(0, payload)}`,
  ];
  packet.info += ` ${said.join(" ")}`;
  readOptions(packet, length);
  return { over: "tcp", ports: [from, to] };
};

/** Each option is a field; what Wireshark shows of it is added to the line. */
function readOptions(packet: Dissection, end: number): void {
  while (packet.at < end) {
    let isEnd = false;
    packet.group("Option", () => {
      const kind = packet.u8("Kind", named(optionNames));
      isEnd = kind === 0;
      if (kind < 2) return named(optionNames)(kind);
      const length = packet.u8("Length");
      const value = Math.min(Math.max(0, length - 2), Math.max(0, end - packet.at));
      const text = optionText(packet, kind, value);
      if (text !== "") packet.info += ` ${text}`;
      return text || named(optionNames)(kind);
    });
    if (isEnd) break;
  }
  if (packet.at < end) packet.take("Padding", end - packet.at, (bytes) => hex(bytes));
}

function optionText(packet: Dissection, kind: number, length: number): string {
  if (kind === 2 && length === 2) return `MSS=${packet.u16("Value")}`;
  if (kind === 3 && length === 1) return `WS=${2 ** Math.min(14, packet.u8("Shift"))}`;
  if (kind === 4 && length === 0) return "SACK_PERM";
  if (kind === 8 && length === 8) return `TSval=${packet.u32("Value")} TSecr=${packet.u32("Echo")}`;
  if (kind === 5 && length % 8 === 0) {
    const blocks = Array.from({ length: length / 8 }, () => `SLE=${packet.u32("From")} SRE=${packet.u32("To")}`);
    return blocks.join(" ");
  }
  if (length > 0) packet.take("Value", length, (bytes) => hex(bytes));
  return "";
}

/** UDP (RFC 768). */
export const udp: Dissect = (packet) => {
  const layer = packet.layer("udp", "UDP");
  packet.protocol = "UDP";
  const from = packet.u16("Source port");
  const to = packet.u16("Destination port");
  packet.info = `${from} → ${to}`;
  layer.title = `UDP, port ${from} → ${to}`;
  const length = packet.u16("Length");
  packet.u16("Checksum", hexNumber(4));
  // 0 stands for what is longer than the field can say (RFC 2675).
  if (length >= 8) packet.narrow(length - 8);
  packet.info += ` Len=${length >= 8 ? length - 8 : packet.declared}`;
  return { over: "udp", ports: [from, to] };
};
