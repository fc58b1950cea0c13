/** What a capture file says of itself (tcpdump.org, pcap-savefile). */
export interface PcapHeader {
  readonly littleEndian: boolean;
  /** Fractions of a second are nanoseconds, not microseconds. */
  readonly nanoseconds: boolean;
  /** At most so many bytes of a packet were kept. */
  readonly snapLength: number;
  /** What the records begin with: a number of tcpdump.org's list. */
  readonly linkType: number;
}

/** Bytes of the file's header, and of that of each record. */
export const fileHeaderBytes = 24;
export const recordHeaderBytes = 16;

/** Longer records are none: libpcap's own limit (MAXIMUM_SNAPLEN) is a quarter of a megabyte, DBus and USB have larger ones. */
export const maxRecordBytes = 16 * 1024 * 1024;

/** Why bytes are no capture of this kind. */
export type PcapFault = "not a pcap file" | "pcapng, not pcap" | "a record has an impossible length";

/**
 * The header of a capture file, from its first {@link fileHeaderBytes} bytes.
 *
 * The magic number tells the byte order of who wrote it, and the unit of fractions: 0xa1b2c3d4 micro, 0xa1b23c4d nano.
 */
export function readPcapHeader(bytes: Uint8Array): PcapHeader | PcapFault {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  if (magic === 0x0a0d0d0a) return "pcapng, not pcap";
  const littleEndian = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
  const number = littleEndian ? magic : view.getUint32(0, false);
  if (number !== 0xa1b2c3d4 && number !== 0xa1b23c4d) return "not a pcap file";
  return {
    littleEndian,
    nanoseconds: number === 0xa1b23c4d,
    snapLength: view.getUint32(16, littleEndian),
    // The upper bits say whether the frame check sequence is there.
    linkType: view.getUint32(20, littleEndian) & 0xffff,
  };
}
