import { expect, test } from "vitest";
import { ResultLines } from "./result-lines.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("push() gives each line once its end has come, also where a character lies across two pieces", () => {
  const lines = new ResultLines();
  const whole = bytes('{"type":"hop","n":"é"}\n{"type":"summary"}\n');
  expect(lines.push(whole.subarray(0, 19))).toEqual([]);
  expect(lines.push(whole.subarray(19, 30))).toEqual([{ type: "hop", n: "é" }]);
  expect(lines.push(whole.subarray(30))).toEqual([{ type: "summary" }]);
});

test("push() passes over what is no line of a result", () => {
  expect(new ResultLines().push(bytes('nonsense\n[1]\nnull\n{}\n{"type":"a"}\n'))).toEqual([{ type: "a" }]);
});
