import { open } from "node:fs/promises";

/**
 * Store a payload as it arrives; the disk sets the pace of the sender.
 *
 * @returns its bytes. @throws what the source throws, and system errors of the disk.
 */
export async function storePayload(path: string, payload: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    for await (const chunk of payload) {
      // Most work has no payload: its empty file exists already, and opening it again would cost more than the rest.
      file ??= await open(path, "w", 0o600);
      await writeWhole(file, chunk);
      bytes += chunk.length;
    }
    return bytes;
  } catch (error) {
    // Nobody will read a part, and on a full disk the ending of the unit needs the room.
    await file?.truncate(0).catch(() => undefined);
    throw error;
  } finally {
    await file?.close();
  }
}

async function writeWhole(file: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, at, chunk.length - at);
    at += bytesWritten;
  }
}
