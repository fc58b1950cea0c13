import type { Duplex } from "node:stream";

/**
 * Write a chunk whose memory is used again for the next one: resolves when it is written.
 *
 * @throws what broke the stream.
 */
export async function writeChunk(stream: Duplex, chunk: Uint8Array): Promise<void> {
  if (stream.destroyed) throw stream.errored ?? new Error("the reader is gone");
  await new Promise<void>((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
