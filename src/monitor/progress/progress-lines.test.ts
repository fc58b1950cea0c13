import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longestProgressLine, ProgressLines, readProgressLine } from "./progress-lines.ts";

const read = (line: string) => readProgressLine(Buffer.from(line));

describe("a progress line", () => {
  test("is `::progress ` and a JSON object; what it says is passed on, known or not", () => {
    expect(read('::progress {"done":3,"total":10,"text":"héllo","colour":{"r":1}}')).toEqual({
      ...{ command: "PROGRESS", done: 3, total: 10, text: "héllo", colour: { r: 1 } },
    });
    expect(read('::progress {"command":"TASK","task_id":"t1","task_state":"COMPLETED"}\r')).toMatchObject({
      task_id: "t1",
    });
  });

  test.each([
    '::progress {"command":"FINISHED"}',
    '::progress {"command":"STATE","state":"Succeeded"}',
    '::progress {"command":"lower"}',
    '::progress {"done":-1}',
    '::progress {"done":"3"}',
    '::progress {"text":4}',
    "::progress [1]",
    "::progress {",
    '::progress{"done":1}',
    ' ::progress {"done":1}',
    `::progress {"text":"${"x".repeat(longestProgressLine)}"}`,
  ])("is not %.60s", (line) => {
    expect(read(line)).toBeUndefined();
  });
});

test("an output in whatever pieces says the same, and each line where it ends", () => {
  const line = fc.oneof(
    fc.nat(9).map((done) => `::progress {"done":${done}}`),
    fc.string({ maxLength: 20 }).map((text) => text.replaceAll("\n", "")),
    fc.constant("::progress broken"),
    fc.constant("x".repeat(longestProgressLine + 10)),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(500), { maxLength: 8 }), (lines, sizes) => {
      const output = Buffer.from(lines.map((text) => `${text}\n`).join(""));
      const whole = new ProgressLines().take(output);
      const reader = new ProgressLines();
      const found = [];
      let at = 0;
      for (const size of sizes) found.push(...reader.take(output.subarray(at, (at += size))));
      found.push(...reader.take(output.subarray(at)));
      expect(found).toEqual(whole);
      expect(whole).toHaveLength(lines.filter((text) => readProgressLine(Buffer.from(text))).length);
      for (const { end } of whole) expect(output[end - 1]).toBe(0x0a);
      expect(reader.position).toBe(output.length);
    }),
  );
});
