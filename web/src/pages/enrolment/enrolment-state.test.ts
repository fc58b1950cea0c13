import { expect, test } from "vitest";
import type { Enrolment } from "#server/wire";
import { enrolmentState, inOrder } from "./enrolment-state.ts";

const enrolment = (id: string, more: Partial<Enrolment> = {}): Enrolment => ({
  ...{ id, name: null, labels: {}, cloneable: false, mayReplace: false, createdBy: "u1" },
  ...{ createdAt: 100, expiresAt: 1_000, usedAt: null, usedBy: null, uses: 0 },
  ...more,
});

test.each([
  ["nobody used it", {}, 500, "open"],
  ["its time is over", {}, 1_000, "expired"],
  ["its one worker used it", { usedAt: 200 }, 500, "used"],
  ["one of many used it", { usedAt: 200, cloneable: true }, 500, "open"],
  ["many used it, and its time is over", { usedAt: 200, cloneable: true }, 1_000, "expired"],
])("when %s, a token is what it is", (_, more, now, expected) =>
  expect(enrolmentState(enrolment("a", more), now)).toBe(expected),
);

test("inOrder() has those that let somebody in first, then the newest", () => {
  const all = [
    enrolment("old used", { usedAt: 1, createdAt: 1 }),
    enrolment("old open", { createdAt: 2 }),
    enrolment("new used", { usedAt: 1, createdAt: 3 }),
    enrolment("new open", { createdAt: 4 }),
  ];
  expect(inOrder(all, 500).map(({ id }) => id)).toEqual(["new open", "old open", "new used", "old used"]);
});
