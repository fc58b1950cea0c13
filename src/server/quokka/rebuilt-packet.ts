/** A capture file begins with this: little endian, microseconds, Ethernet (tcpdump.org, pcap-savefile). */
export function pcapHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  return header;
}

/** A packet as a record of such a file. @param atMs milliseconds since 1970, with fractions. */
export function pcapRecord(packet: Uint8Array, atMs: number): Buffer {
  const microseconds = Math.max(0, Math.round(atMs * 1_000));
  const header = Buffer.alloc(16);
  header.writeUInt32LE(Math.min(0xffff_ffff, Math.floor(microseconds / 1_000_000)), 0);
  header.writeUInt32LE(microseconds % 1_000_000, 4);
  header.writeUInt32LE(packet.length, 8);
  header.writeUInt32LE(packet.length, 12);
  return Buffer.concat([header, packet]);
}

const maxPacketBytes = 262_144;
/** `0010  00 FF …  .text.`: offset, two spaces, up to sixteen pairs each followed by a space, then the text (spec §5.1). */
const line = /^([\da-f]{4,})\s{2}((?:[\da-f]{2} ?){1,16})(?: |$)/i;

/**
 * The bytes of a packet from the hex dump that a Quokka worker sends of it.
 *
 * @returns undefined when it is none: a line that cannot be read, or offsets that leave something out.
 */
export function packetOfHexDump(dump: string): Buffer | undefined {
  const parts: Buffer[] = [];
  let bytes = 0;
  for (const text of dump.split("\n")) {
    if (text.trim() === "") continue;
    const [, offset = "", pairs = ""] = line.exec(text) ?? [];
    if (offset === "" || Number.parseInt(offset, 16) !== bytes) return undefined;
    // The text column of a full line may begin with what looks like a pair: sixteen are all there are.
    const part = Buffer.from(pairs.replaceAll(" ", ""), "hex");
    parts.push(part);
    bytes += part.length;
    if (bytes > maxPacketBytes) return undefined;
  }
  return bytes === 0 ? undefined : Buffer.concat(parts);
}

/**
 * `2026-11-21 20:52:24.32891`, a local time of the worker's, five decimals (spec §5). Its zone is not said: it is taken for the
 * one that brings it nearest to the server's time, by whole quarters of an hour.
 */
export function workerTime(text: string, now: number): number {
  const [, day = "", time = "", fraction = ""] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,6})?$/.exec(text) ?? [];
  const said = Date.parse(`${day}T${time}Z`);
  if (Number.isNaN(said)) return now;
  const quarter = 15 * 60_000;
  const exact = said + Number(fraction || 0) * 1_000;
  const zone = Math.round((now - exact) / quarter) * quarter;
  return Math.abs(zone) <= 15 * 3_600_000 ? exact + zone : now;
}
