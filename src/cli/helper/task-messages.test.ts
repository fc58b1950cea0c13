import { describe, expect, test } from "vitest";
import type { Clock } from "#core";
import { type MessageBatch, TaskMessages } from "./task-messages.ts";

/** Messages, what was sent of them, and a clock on which every wait is noted and over at once. */
function messages(taken: () => Promise<void> = () => Promise.resolve()) {
  const [sent, waits]: [MessageBatch[], number[]] = [[], []];
  const clock: Clock = {
    ...{ now: () => 0, elapsed: () => 0 },
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
  const send = async (batch: MessageBatch): Promise<void> => {
    sent.push(batch);
    await taken();
  };
  return { of: new TaskMessages(clock, send), sent, waits };
}

describe("CAT-93: what a task says besides its output", () => {
  test("goes out in batches, with a pause after each", async () => {
    const { of, sent, waits } = messages();
    await of.take(Array.from({ length: 450 }, (_, n) => `line ${n}\n`).join(""));
    await of.end();
    expect(sent.map(({ lines }) => lines.length)).toEqual([200, 200, 50]);
    expect(sent.flatMap(({ lines }) => lines)[449]).toBe("line 449");
    expect(waits).toEqual([250, 250, 250]);
  });

  test("batches of long lines that JSON makes longer stay well below what a message may have", async () => {
    const { of, sent } = messages();
    await of.take(`${"\u0001".repeat(4_096)}\n`.repeat(100));
    await of.end();
    const bytes = sent.map(({ lines }) => Buffer.byteLength(JSON.stringify(lines)));
    expect(Math.max(...bytes)).toBeLessThan(300_000);
    expect(sent.flatMap(({ lines }) => lines)).toHaveLength(100);
  });

  test("lines come whole, however they were written, and the last one without its end too", async () => {
    const { of, sent } = messages();
    for (const piece of ["fir", "st\nsec", "ond\nla", "st"]) await of.take(piece);
    await of.end();
    expect(sent.flatMap(({ lines }) => lines)).toEqual(["first", "second", "last"]);
  });

  test("of how far it is only the latest counts", async () => {
    const { of, sent } = messages();
    await of.take("::progress 10 begun\n::progress 250 more than all\na line\n::progress x\n");
    await of.end();
    expect(sent[0]?.progress).toEqual({ percent: 100, text: "more than all" });
    expect(sent.flatMap(({ lines }) => lines)).toEqual(["a line", "::progress x"]);
  });

  test("while a worker takes nothing, no more is read than fits", async () => {
    let go: () => void = () => {};
    const { of } = messages(() => new Promise((resolve) => (go = resolve)));
    await of.take("line\n".repeat(1_100));
    let isOver = false;
    const more = of.take("line\n".repeat(1_100)).then(() => (isOver = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isOver).toBe(false);
    const letting = setInterval(() => go(), 1);
    await more;
    await of.end();
    clearInterval(letting);
  });

  test("a line without an end is cut", async () => {
    const { of, sent } = messages();
    for (let n = 0; n < 100; n++) await of.take("x".repeat(10_000));
    await of.end();
    expect(sent.flatMap(({ lines }) => lines).map(({ length }) => length)).toEqual([4_096]);
  });
});
