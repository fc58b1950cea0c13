import type { Duplex } from "node:stream";

/** Resolves when the worker's side can take more, or is gone. */
export async function written(stream: Duplex, data: Uint8Array): Promise<void> {
  if (!stream.writable || stream.write(data)) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      stream.off("drain", settle);
      stream.off("close", settle);
      resolve();
    };
    stream.on("drain", settle);
    stream.on("close", settle);
  });
}
