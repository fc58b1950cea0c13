import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFrame, encodeFrame, type Frame, lastStreamId } from "./frames.ts";

const id = fc.integer({ min: 1, max: lastStreamId });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((text) => Buffer.byteLength(text) < 256);
const reason = { id, code: fc.integer({ min: 0, max: 65_535 }), text: fc.string({ unit: "grapheme", maxLength: 50 }) };
const priority = fc.constantFrom("control" as const, "data" as const);

const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant("open" as const),
    id,
    priority,
    window: u32,
    fromNode: name,
    toNode: name,
    service: name,
  }),
  fc.record({ kind: fc.constant("accept" as const), id, window: u32 }),
  fc.record({ kind: fc.constant("refuse" as const), ...reason }),
  fc.record({ kind: fc.constant("reset" as const), ...reason }),
  fc.record({ kind: fc.constant("data" as const), id, payload: fc.uint8Array({ minLength: 1, maxLength: 100 }) }),
  fc.record({ kind: fc.constant("window" as const), id, credit: u32 }),
  fc.record({ kind: fc.constant("fin" as const), id }),
);

function plain(frame: Frame | undefined): unknown {
  return frame?.kind === "data" ? { ...frame, payload: [...frame.payload] } : frame;
}

describe("a frame", () => {
  test("comes out as it went in", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(plain(decodeFrame(encodeFrame(frame)))).toEqual(plain(frame));
      }),
    );
  });

  test("leaves room in front of itself for a message type", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(encodeFrame(frame).byteOffset).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  test("that is cut short is refused, unless it is data", () => {
    const cut = fc.tuple(
      frames.filter(({ kind }) => kind !== "data"),
      fc.nat(),
    );
    fc.assert(
      fc.property(cut, ([frame, length]) => {
        const bytes = encodeFrame(frame);
        expect(() => decodeFrame(bytes.subarray(0, length % bytes.length))).toThrow(
          expect.objectContaining({ code: "PACKET_INVALID" }),
        );
      }),
    );
  });

  test("may carry fields of a later version behind its own", () => {
    const longer = fc.tuple(
      frames.filter(({ kind }) => kind !== "data"),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(longer, ([frame, more]) => {
        expect(decodeFrame(Buffer.concat([encodeFrame(frame), more]))).toEqual(frame);
      }),
    );
  });
});

describe("encodeFrame()", () => {
  const hex = (frame: Frame) => encodeFrame(frame).toString("hex");

  test("writes the bytes of docs/wire/direct-streams.md", () => {
    const names = { fromNode: "stub", toNode: "hub", service: "control" };
    expect(hex({ kind: "open", id: 1, priority: "control", window: 262_144, ...names })).toBe(
      "01000000000001000004000004737475620368756207636f6e74726f6c",
    );
    expect(hex({ kind: "accept", id: 1, window: 65_536 })).toBe("0200000000000100010000");
    expect(hex({ kind: "refuse", id: 3, code: 2, text: "no" })).toBe("03000000000003000200026e6f");
    expect(hex({ kind: "data", id: 2 ** 40, payload: Buffer.from("hello") })).toBe("0401000000000068656c6c6f");
    expect(hex({ kind: "window", id: 1, credit: 131_072 })).toBe("0500000000000100020000");
    expect(hex({ kind: "fin", id: 1 })).toBe("06000000000001");
    expect(hex({ kind: "reset", id: 1, code: 0, text: "" })).toBe("0700000000000100000000");
  });

  test("refuses names that do not fit", () => {
    const open = {
      kind: "open",
      id: 1,
      priority: "data",
      window: 0,
      fromNode: "a",
      toNode: "b",
      service: "s",
    } as const;
    expect(() => encodeFrame({ ...open, toNode: "x".repeat(256) })).toThrow(RangeError);
    expect(() => encodeFrame({ ...open, service: "" })).toThrow(RangeError);
  });

  test("cuts a long text between two characters", () => {
    const frame = decodeFrame(encodeFrame({ kind: "reset", id: 1, code: 1, text: "€".repeat(1000) }));
    expect(frame).toMatchObject({ text: "€".repeat(341) });
  });
});

describe("decodeFrame()", () => {
  test("ignores frames of unknown types", () => {
    expect(decodeFrame(Uint8Array.of(8, 1, 2, 3))).toBeUndefined();
    expect(decodeFrame(Uint8Array.of(0))).toBeUndefined();
  });

  test("refuses data without a byte, empty names and texts that are not UTF-8", () => {
    for (const bytes of ["", "04000000000001", "0100000000000101000000000001610162", "0700000000000100000002c328"])
      expect(() => decodeFrame(Buffer.from(bytes, "hex"))).toThrow(expect.objectContaining({ code: "PACKET_INVALID" }));
  });

  test("refuses a text that is longer than 1024 bytes", () => {
    const reset = (length: number) => Buffer.concat([Buffer.from("070000000000010000", "hex"), lengthOf(length)]);
    const lengthOf = (length: number) =>
      Buffer.concat([Buffer.of(length >> 8, length & 255), Buffer.alloc(length, "x")]);
    expect(decodeFrame(reset(1024))).toMatchObject({ kind: "reset", text: "x".repeat(1024) });
    expect(() => decodeFrame(reset(1025))).toThrow(expect.objectContaining({ code: "PACKET_INVALID" }));
  });

  test("takes names as they are, also with a byte order mark", () => {
    const target = { fromNode: "\ufeffstub", toNode: "hub", service: "control" };
    const frame = { kind: "open", id: 1, priority: "data", window: 1, ...target } as const;
    expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
  });

  test("makes a frame or PACKET_INVALID of any bytes", () => {
    const anything = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.uint8Array({ maxLength: 60 }));
    fc.assert(
      fc.property(anything, ([type, rest]) => {
        try {
          decodeFrame(Uint8Array.of(type, ...rest));
        } catch (error) {
          expect(error).toMatchObject({ code: "PACKET_INVALID" });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
