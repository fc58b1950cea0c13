import type { Duplex } from "node:stream";
import { lengthBytes, type JsonObject, maxMessageBytes, maxMessageDepth } from "./envelope.ts";
import { FleetError } from "./errors.ts";
import { nestsDeeper } from "./json-depth.ts";

/**
 * The words before the bytes of a stream: one message each way, 4 bytes of length (most significant first) and so many
 * bytes of JSON, an object. What follows them is not touched.
 */
export function sayWords(stream: Duplex, words: JsonObject): void {
  const json = Buffer.from(JSON.stringify(words));
  if (json.length > maxMessageBytes)
    throw new FleetError("MESSAGE_TOO_LARGE", `${json.length} bytes are too many to open a stream with`);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(json.length);
  stream.write(Buffer.concat([length, json]));
}

/**
 * Read the other side's words from a stream that nobody else reads yet.
 *
 * @throws {FleetError} MESSAGE_INVALID, CONVERSATION_CLOSED when the stream ends before. @throws the stream's error, the
 * signal's reason.
 */
export async function hearWords(stream: Duplex, signal: AbortSignal): Promise<JsonObject> {
  const head = await exactly(stream, lengthBytes, signal);
  const length = head.readUInt32BE();
  if (length > maxMessageBytes) throw invalid(`${length} bytes were announced`);
  return parsed(await exactly(stream, length, signal));
}

function parsed(bytes: Buffer): JsonObject {
  let value: unknown;
  try {
    const json = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (nestsDeeper(json, maxMessageDepth)) throw invalid("they are nested too deep");
    value = JSON.parse(json);
  } catch (error) {
    throw error instanceof FleetError ? error : invalid("they are no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("they are no object");
  return value as JsonObject;
}

/**
 * In paused mode a stream keeps what comes behind, and its buffer is bounded.
 *
 * What has come is taken at once, however little: a stream that keeps less than is wanted calls itself readable whenever it
 * is listened to, so that a byte of somebody who says no second one would keep the whole process busy.
 */
async function exactly(stream: Duplex, bytes: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let missing = bytes; missing > 0; ) {
    signal.throwIfAborted();
    const chunk = stream.read(Math.min(missing, stream.readableLength)) as Buffer | null;
    if (chunk) {
      chunks.push(chunk);
      missing -= chunk.length;
    } else if (stream.errored) throw stream.errored;
    else if (stream.readableEnded || stream.destroyed)
      throw new FleetError("CONVERSATION_CLOSED", "the stream ended before its first words");
    else await change(stream, signal);
  }
  return Buffer.concat(chunks);
}

function change(stream: Duplex, signal: AbortSignal): Promise<void> {
  const events = ["readable", "end", "close", "error"] as const;
  return new Promise((resolve) => {
    const wake = (): void => {
      for (const event of events) stream.off(event, wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    for (const event of events) stream.on(event, wake);
    signal.addEventListener("abort", wake, { once: true });
  });
}

const invalid = (why: string): FleetError =>
  new FleetError("MESSAGE_INVALID", `the first words of a stream are none: ${why}`);
