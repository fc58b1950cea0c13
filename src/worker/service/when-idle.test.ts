import { expect, test } from "vitest";
import { openTestNode } from "../../../test/kit/units.ts";
import { whenIdle } from "./when-idle.ts";

test("something is done at once where no unit runs or waits, else once when the last of them has ended (CAT-5)", async () => {
  await using node = await openTestNode();
  const { units } = node;
  const done: string[] = [];
  whenIdle(units, () => done.push("at once"));
  expect(done).toEqual(["at once"]);
  const [first, second] = [
    units.allocate({ workType: "sh", params: {} }),
    units.allocate({ workType: "sh", params: {} }),
  ];
  whenIdle(units, () => done.push("later"));
  await units.refuse(first, new Error("no"));
  expect(done).toEqual(["at once"]);
  await units.refuse(second, new Error("no"));
  await expect.poll(() => done, { timeout: 30_000 }).toEqual(["at once", "later"]);
  await units.refuse(units.allocate({ workType: "sh", params: {} }), new Error("no"));
  expect(done).toHaveLength(2);
});
