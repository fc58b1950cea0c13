import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ZmtpMessage } from "../zmtp/message.ts";
import { PlainProgress } from "./plain-progress.ts";
import { progressFrame } from "./progress-text.ts";
import { countFrames, frameLength, frameText, skipFrames, textFrame } from "./text-frame.ts";

const textOf = (...parts: (string | Buffer)[]): string | undefined => {
  const frame = progressFrame(parts.map((part) => Buffer.from(part)));
  return frame && frameText(frame, 0);
};

describe("progressFrame() (ReCodEx specification §7)", () => {
  test.each([
    [["STARTED"], '{"command": "STARTED"}'],
    [["TASK", "t1", "COMPLETED"], '{"command": "TASK", "task_id": "t1", "task_state": "COMPLETED"}'],
    [["TASK", "t2"], '{"command": "TASK", "task_id": "t2"}'],
    [["X", "1", "2", "3"], '{"command": "X", "task_id": "1", "task_state": "2"}'],
    [["café"], '{"command": "caf\\u00e9"}'],
    [["FINISHED"], '{"command": "FINISHED"}'],
    [[""], '{"command": ""}'],
    // As Python's json.dumps has them.
    [['"\\/\b\f\n\r\t\u0001\u007f'], '{"command": "\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f"}'],
    [["😀\u2028\ufeff"], '{"command": "\\ud83d\\ude00\\u2028\\ufeff"}'],
  ])("%j", (parts, text) => {
    expect(textOf(...parts)).toBe(text);
  });

  test("skips what has no command, and what is no UTF-8 in any part", () => {
    expect(textOf()).toBeUndefined();
    expect(textOf(Buffer.of(0xff))).toBeUndefined();
    expect(textOf("TASK", "1", "2", Buffer.of(0xc0, 0x80))).toBeUndefined();
    expect(textOf("\ud800")).toBe('{"command": "\\ufffd"}');
  });

  test("gives JSON of the same texts, all of it ASCII", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 5 }), (parts) => {
        const text = textOf(...parts) ?? "";
        const [command, task_id, task_state] = parts;
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify({ command, task_id, task_state })));
        expect(text).toMatch(/^[ -~]*$/);
      }),
    );
  });
});

describe("PlainProgress", () => {
  const quick = new PlainProgress();
  const message = new ZmtpMessage();

  test("makes the same frame of what is plain, and leaves the rest to progressFrame()", () => {
    const part = fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: "binary", maxLength: 5 }));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (texts) => {
        const parts = texts.map((text) => Buffer.from(text));
        message.assemble(parts);
        const frame = quick.frame(message, 1);
        const isPlain =
          parts.length > 1 && parts.length <= 4 && texts.slice(1).every((text) => /^[ !#-[\]-~]*$/.test(text));
        expect(frame !== undefined).toBe(isPlain);
        if (frame) expect(frame).toEqual(progressFrame(parts, 1));
      }),
    );
  });

  test("leaves long texts alone", () => {
    message.assemble([Buffer.from("id"), Buffer.alloc(5_000, "a")]);
    expect(quick.frame(message, 1)).toBeUndefined();
  });
});

describe("textFrame()", () => {
  test.each([
    [0, "8100"],
    [125, "817d"],
    [126, "817e007e"],
    [65_535, "817effff"],
    [65_536, "817f0000000000010000"],
  ])("frames a text of %i bytes as RFC 6455 §5.2 says", (length, header) => {
    const frame = textFrame([Buffer.alloc(length, "a")]);
    expect(frame.subarray(0, frame.length - length).toString("hex")).toBe(header);
    expect(frameLength(frame, 0)).toBe(frame.length);
    expect(frameText(frame, 0)).toHaveLength(length);
  });

  test("frames end to end are counted and skipped one by one", () => {
    const frames = Buffer.concat([1, 200, 70_000].map((length) => textFrame([Buffer.alloc(length)])));
    expect(countFrames(frames)).toBe(3);
    expect(skipFrames(frames, 2)).toBe(3 + 204);
    expect(skipFrames(frames, 4)).toBeUndefined();
    expect(countFrames(frames.subarray(0, -1))).toBeUndefined();
  });
});
