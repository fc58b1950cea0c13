import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "#core";

/** Of the file, and of each record in it (tcpdump.org, pcap-savefile). */
const fileHeader = 24;
const recordHeader = 16;

/**
 * How many whole packets the capture in a folder has. A record that was being written when the server was killed is cut off:
 * what comes behind it could not be read.
 *
 * @returns 0 where there is none. @throws system errors.
 */
export async function storedPackets(folder: string): Promise<number> {
  const file = await open(join(folder, "output"), "r+").catch(ifNone);
  if (!file) return 0;
  try {
    const { size } = await file.stat();
    const { packets, end } = await wholeRecords(file, size);
    if (end < size) await file.truncate(end);
    return packets;
  } finally {
    await file.close();
  }
}

async function wholeRecords(file: FileHandle, size: number): Promise<{ packets: number; end: number }> {
  const header = Buffer.alloc(recordHeader);
  // Not even its own header is whole: it begins anew.
  if (size < fileHeader) return { packets: 0, end: 0 };
  let [packets, at] = [0, fileHeader];
  for (;;) {
    const { bytesRead } = await file.read(header, 0, recordHeader, at);
    const next = at + recordHeader + (bytesRead === recordHeader ? header.readUInt32LE(8) : 0);
    if (bytesRead < recordHeader || next > size) return { packets, end: at };
    packets++;
    at = next;
  }
}

function ifNone(error: unknown): undefined {
  if (systemCode(error) !== "ENOENT") throw error;
}
