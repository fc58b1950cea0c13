import { expect, test } from "vitest";
import { nothingSeen, progressText, seenAfter } from "./progress-text.ts";

test("a bar is as long as what is done, and says what is going on", () => {
  const seen = seenAfter(nothingSeen, { command: "PROGRESS", done: 5, total: 10, text: "half\u001B[2J of it" });
  const text = progressText(seen);
  expect(text).toContain(`[${"#".repeat(15)}${"-".repeat(15)}]  50 %  5/10  half`);
  expect(text).not.toContain("\u001B");
  expect(progressText(seen, 20)).toHaveLength(20);
});

test("tasks are counted as they come; without a total there is no bar", () => {
  const one = seenAfter(nothingSeen, { command: "TASK", task_id: "compile", task_state: "COMPLETED" });
  const two = seenAfter(one, { command: "TASK", task_id: "run" });
  expect(progressText(one)).toBe("1  compile COMPLETED");
  expect(progressText(two)).toBe("2  run");
});

test("more than all, and all of nothing, fill the bar", () => {
  for (const [done, total] of [
    [12, 10],
    [0, 0],
  ] as const)
    expect(progressText(seenAfter(nothingSeen, { command: "PROGRESS", done, total }))).toContain("100 %");
});
