import type { Duplex } from "node:stream";

/** How much has passed a stream, in bytes. */
export interface StreamMeter {
  readonly read: () => number;
  readonly written: () => number;
}

/**
 * Count the bytes of a stream that somebody else reads and writes, from now on; what waits in its buffer counts.
 *
 * The stream's own methods are counted at, for another stream around it would copy every byte of an output.
 */
export function meterStream(stream: Duplex): StreamMeter {
  let read = stream.readableLength;
  let written = 0;
  const { push, write } = stream;
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk instanceof Uint8Array) read += chunk.length;
    return push.call(stream, chunk, encoding);
  };
  stream.write = ((...given: Parameters<Duplex["write"]>): boolean => {
    const chunk: unknown = given[0];
    if (chunk instanceof Uint8Array) written += chunk.length;
    return write.apply(stream, given);
  }) as Duplex["write"];
  return { read: () => read, written: () => written };
}
