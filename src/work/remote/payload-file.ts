import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import type { ControlClient } from "#control";
import type { Clock } from "#core";
import { readAvailable } from "../unit/read-ahead.ts";

const chunkBytes = 256 * 1024;
/** A node that takes nothing for so long will not take the rest. */
const stallMs = 120_000;

/** Length and SHA-256 (hex) of a payload on disk. @throws system errors. */
export async function payloadDigest(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  // Most work has none.
  if (statSync(path).size === 0) return { bytes, sha256: hash.digest("hex") };
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

/** These chunks, as long as the far end takes them: it is hung up on when it leaves one lying for too long. */
export async function* whileTaken(
  chunks: AsyncIterable<Uint8Array>,
  clock: Pick<Clock, "sleep">,
  control: Pick<ControlClient, "close">,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const taken = new AbortController();
    clock.sleep(stallMs, taken.signal).then(
      () => control.close(),
      () => undefined,
    );
    try {
      yield chunk;
    } finally {
      taken.abort();
    }
  }
}
