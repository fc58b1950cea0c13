import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { readAvailable } from "../unit/read-ahead.ts";

const chunkBytes = 256 * 1024;

/** Length and SHA-256 (hex) of a payload on disk. @throws system errors. */
export async function payloadDigest(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(path, "r");
  try {
    for await (const chunk of readAvailable(file, 0, Number.MAX_SAFE_INTEGER)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Its bytes from one to the end. Each chunk has memory of its own: a stream may hold it for long. */
export async function* payloadFrom(path: string, from: number): AsyncGenerator<Uint8Array> {
  if (from >= statSync(path).size) return;
  for await (const chunk of createReadStream(path, { start: from, highWaterMark: chunkBytes })) yield chunk as Buffer;
}
