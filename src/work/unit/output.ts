import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { statSync } from "node:fs";
import { flushFile } from "./flush.ts";

const chunkBytes = 1024 * 1024;

/** Length and content of an output, as a final status promises them. */
export interface OutputDigest {
  readonly bytes: number;
  /** SHA-256 of the first `bytes` bytes, hex. */
  readonly sha256: string;
}

const emptyDigest: OutputDigest = { bytes: 0, sha256: createHash("sha256").digest("hex") };

/** Size in bytes; 0 for an output nobody has opened yet. */
export function outputSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Flush an output to disk and hash what it holds now. Bytes that a process left behind adds later are not part of it.
 *
 * @throws system errors: then the disk does not hold the output, and nobody may be told that it does.
 */
export async function sealOutput(path: string): Promise<OutputDigest> {
  const bytes = outputSize(path);
  if (bytes === 0) return emptyDigest;
  const file = await open(path, "r");
  try {
    await flushFile(file.fd);
    const hash = createHash("sha256");
    const chunk = Buffer.allocUnsafe(Math.min(bytes, chunkBytes));
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, bytes - at), at);
      if (bytesRead === 0) throw new Error(`output shrank to ${at} bytes while it was read`);
      hash.update(chunk.subarray(0, bytesRead));
      at += bytesRead;
    }
    return { bytes, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}
