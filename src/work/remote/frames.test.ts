import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameKind, frameHeader, FrameReader } from "./frames.ts";

/** Bytes in pieces of these lengths, and what is left. */
function* pieces(bytes: Buffer, lengths: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const length of lengths) yield bytes.subarray(at, (at += length));
  yield bytes.subarray(at);
}

const frame = fc.record({
  kind: fc.constantFrom(FrameKind.Status, FrameKind.Output, FrameKind.Fault),
  body: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

describe("FrameReader", () => {
  test("header bytes are kind and length, big-endian", () => {
    expect(frameHeader(FrameKind.Output, 0x01020304).toString("hex")).toBe("0201020304");
  });

  test("gives back what was framed, in whatever pieces it arrives", () => {
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat(50)), (frames, lengths) => {
        const reader = new FrameReader();
        const bytes = Buffer.concat(frames.flatMap(({ kind, body }) => [frameHeader(kind, body.length), body]));
        const events = [...pieces(bytes, lengths)].flatMap((piece) => [...reader.push(piece)]);
        const output = events.flatMap((event) => (event.kind === "output" ? [event.bytes] : []));
        const sent = frames.filter(({ kind }) => kind === FrameKind.Output).map(({ body }) => body);
        expect(Buffer.concat(output)).toEqual(Buffer.concat(sent));
        const texts = events.flatMap((event) => (event.kind === "output" ? [] : [event.text]));
        expect(texts).toEqual(frames.filter(({ kind }) => kind !== FrameKind.Output).map(({ body }) => String(body)));
      }),
    );
  });

  test("any bytes are frames or an error, never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          for (const event of new FrameReader().push(Buffer.from(bytes))) expect(event.kind).toBeTypeOf("string");
        } catch (error) {
          expect((error as Error).name).toBe("FrameError");
        }
      }),
    );
  });
});
