/** Captures and packets, read without any I/O: in a browser as on a command line. */
export { decodePacket, type RecordOf } from "./decode.ts";
export { looksLikeFilter, type PacketFilter, readPacketFilter } from "./filter/packet-filter.ts";
export { hexDump, type HexLine } from "./hex-dump.ts";
export { linkTypeName } from "./numbers.ts";
export type { Field, Layer, Packet, PacketSummary } from "./packet.ts";
export type { PcapFault, PcapHeader } from "./pcap.ts";
export { PcapIndex, type PcapRecord } from "./pcap-index.ts";
export { type PcapPacket, PcapPackets } from "./pcap-packets.ts";
