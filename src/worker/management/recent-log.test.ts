import { expect, test } from "vitest";
import { silentLog } from "#core";
import { noticingLog } from "./notices.ts";
import { RecentLog } from "./recent-log.ts";

const clock = { now: () => 7 };

test("CAT-108: lines of info and above are kept with number and time, as they were when they were logged", () => {
  const recent = new RecentLog(clock);
  const log = noticingLog(silentLog, () => undefined, recent);
  const fields = { unit: "u1" };
  log.debug("d");
  log.info("i", fields);
  log.error("e");
  fields.unit = "u2";
  expect(recent.lines).toEqual([
    { n: 1, at: 7, level: "info", message: "i", fields: { unit: "u1" } },
    { n: 2, at: 7, level: "error", message: "e" },
  ]);
});

test("the last 500 lines are kept, and of long ones fewer", () => {
  const recent = new RecentLog(clock);
  for (let n = 0; n < 600; n++) recent.keep("info", `${n}`);
  expect(recent.lines.map(({ message }) => message)).toEqual(Array.from({ length: 500 }, (_, n) => `${n + 100}`));
  for (let n = 0; n < 600; n++) recent.keep("warn", "x".repeat(10_000), { y: "y".repeat(10_000) });
  expect(recent.lines.length).toBe(16);
  expect(JSON.stringify(recent.lines).length).toBeLessThan(150_000);
  expect(recent.lines.at(-1)?.n).toBe(1_200);
});

test("fields that JSON cannot say cost the fields, and no line", () => {
  const recent = new RecentLog(clock);
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  recent.keep("error", "a", circle);
  recent.keep("error", "b", { n: 1n });
  expect(recent.lines.map(({ message, fields }) => [message, fields])).toEqual([
    ["a", {}],
    ["b", {}],
  ]);
});
