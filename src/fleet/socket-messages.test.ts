import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeSocketMessages,
  encodeSocketMessage,
  maxSocketMessageBytes,
  type SocketMessage,
} from "./socket-messages.ts";

const message: fc.Arbitrary<SocketMessage> = fc.oneof(
  fc.string({ unit: "grapheme" }).map((text) => ({ kind: "text" as const, text })),
  fc.uint8Array().map((bytes) => ({ kind: "binary" as const, bytes: Buffer.from(bytes) })),
  fc.integer({ min: 0, max: 65_535 }).map((code) => ({ kind: "close" as const, code })),
);

async function* cut(bytes: Buffer, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function read(chunks: AsyncIterable<Uint8Array>): Promise<SocketMessage[]> {
  const all: SocketMessage[] = [];
  for await (const each of decodeSocketMessages(chunks)) all.push(each);
  return all;
}

describe("messages of a WebSocket on a stream", () => {
  test("come out as they went in, wherever the stream is cut into chunks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message), fc.integer({ min: 1, max: 40 }), async (messages, length) => {
        const bytes = Buffer.concat(messages.map(encodeSocketMessage));
        expect(await read(cut(bytes, length))).toEqual(messages);
      }),
    );
  });

  test("a stream that ends in the middle of one is told from one that ends behind it", async () => {
    const whole = encodeSocketMessage({ kind: "text", text: "hello" });
    for (let length = 1; length < whole.length; length++)
      await expect(read(cut(whole.subarray(0, length), 3))).rejects.toMatchObject({ code: "MESSAGE_INVALID" });
  });

  test("what is none is refused before its bytes have come", async () => {
    const tooLong = Buffer.from([2, 0, 0x10, 0, 1]);
    await expect(read(cut(tooLong, 5))).rejects.toMatchObject({ code: "MESSAGE_TOO_LARGE" });
    for (const bytes of [
      [9, 0, 0, 0, 0],
      [8, 0, 0, 0, 1, 3],
      [1, 0, 0, 0, 2, 0xc3, 0x28],
    ])
      await expect(read(cut(Buffer.from(bytes), 7))).rejects.toMatchObject({ code: "MESSAGE_INVALID" });
    const bytes = Buffer.alloc(maxSocketMessageBytes + 1);
    expect(() => encodeSocketMessage({ kind: "binary", bytes })).toThrow(/too long/);
  });

  test("any bytes are messages or refused, and nothing else happens", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        const refused = await read(cut(Buffer.from(bytes), 9)).catch((error: unknown) => error);
        expect(Array.isArray(refused) || (refused as { code: string }).code.startsWith("MESSAGE_")).toBe(true);
      }),
    );
  });
});
