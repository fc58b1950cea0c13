import type { Duplex } from "node:stream";

/** Write, and when the other side is slow wait until it has caught up. `broken` makes the error when it is gone. */
export async function writeSlowly(
  stream: Duplex,
  chunk: string | Uint8Array,
  broken: (cause: unknown) => Error,
): Promise<void> {
  if (!stream.writable) throw broken(stream.errored);
  if (stream.write(chunk)) return;
  await new Promise<void>((resolve, reject) => {
    const settle = (): void => {
      stream.off("drain", settle);
      stream.off("close", settle);
      if (stream.destroyed) reject(broken(stream.errored));
      else resolve();
    };
    stream.on("drain", settle);
    stream.on("close", settle);
  });
}

/** Write, and wait until the kernel has all of it: from then on the chunk is the caller's again. */
export async function writeThrough(
  stream: Duplex,
  chunk: Uint8Array,
  broken: (cause: unknown) => Error,
): Promise<void> {
  if (!stream.writable) throw broken(stream.errored);
  await new Promise<void>((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(broken(error)) : resolve()));
  });
}
