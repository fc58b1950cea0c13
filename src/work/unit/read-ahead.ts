import type { FileHandle } from "node:fs/promises";

/** Less than this is read at once into a buffer of its own size: a thousand idle followers must cost nothing. */
const smallBytes = 64 * 1024;
const bufferBytes = 512 * 1024;

/**
 * What a file holds now, from byte `from` up to `end`. While the caller uses one chunk the next is being read.
 *
 * There are two buffers for all of it, so a chunk is good until the next one is asked for.
 */
export async function* readAvailable(file: FileHandle, from: number, end: number): AsyncGenerator<Uint8Array> {
  const { size } = await file.stat();
  const left = Math.min(size, end) - from;
  if (left <= 0) return;
  const bytes = left <= smallBytes ? left : bufferBytes;
  const buffers = [Buffer.allocUnsafeSlow(bytes), left <= smallBytes ? undefined : Buffer.allocUnsafeSlow(bytes)];
  let reading = readInto(file, buffers[0], from, end);
  for (let at = from, turn = 0; ; turn = 1 - turn) {
    const chunk = await reading;
    if (!chunk) return;
    at += chunk.length;
    reading = readInto(file, buffers[1 - turn], at, end);
    // Somebody who stops asking leaves a read behind that may fail unheard.
    reading.catch(() => undefined);
    yield chunk;
  }
}

async function readInto(
  file: FileHandle,
  buffer: Buffer | undefined,
  at: number,
  end: number,
): Promise<Uint8Array | undefined> {
  const bytes = Math.min(buffer?.length ?? 0, end - at);
  if (!buffer || bytes <= 0) return undefined;
  const { bytesRead } = await file.read(buffer, 0, bytes, at);
  return bytesRead > 0 ? buffer.subarray(0, bytesRead) : undefined;
}
