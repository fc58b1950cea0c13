import { expect, test } from "vitest";
import { type GrantMaker, ProgressGrants } from "./progress-grants.ts";

const maker = (id: string): GrantMaker => ({ id, enter: () => () => {} });
const now = 1_798_000_000;

test("a token opens its channel by its maker's right, until its time, and no other channel", () => {
  const grants = new ProgressGrants();
  const ann = maker("s-ann");
  const { token, until } = grants.make("unit:w/u", ann, now);
  expect(grants.makerOf("unit:w/u", token, until - 1)).toBe(ann);
  expect(grants.makerOf("unit:w/u", token, until)).toBeUndefined();
  expect(grants.makerOf("unit:w/u2", token, now)).toBeUndefined();
  expect(new ProgressGrants().makerOf("unit:w/u", token, now)).toBeUndefined();
});

test("a token with the id of another grant opens nothing", () => {
  const grants = new ProgressGrants();
  const [one, other] = [grants.make("unit:w/u", maker("a"), now), grants.make("unit:w/u", maker("b"), now)];
  const [id = ""] = other.token.split(".").slice(-1);
  expect(grants.makerOf("unit:w/u", one.token.replace(/[^.]+$/, id), now)).toBeUndefined();
});

test.each([undefined, "", ".", "1.x", `${now}.${"a".repeat(43)}.${"0".repeat(18)}`])("%j opens nothing", (wrong) => {
  const grants = new ProgressGrants();
  grants.make("unit:w/u", maker("a"), now);
  expect(grants.makerOf("unit:w/u", wrong, now)).toBeUndefined();
});

test("with its maker all tokens of theirs are over, and nobody else's", () => {
  const grants = new ProgressGrants();
  const ended = ["unit:w/u", "unit:w/v"].map((channel) => grants.make(channel, maker("a"), now).token);
  const { token } = grants.make("unit:w/u", maker("b"), now);
  grants.end("a");
  expect(ended.map((one) => grants.makerOf("unit:w/u", one, now))).toEqual([undefined, undefined]);
  expect(grants.makerOf("unit:w/u", token, now)?.id).toBe("b");
});

test("asked again and again they take no room: one of each maker for a channel, none behind its time, so many at most", () => {
  const grants = new ProgressGrants(3);
  const first = grants.make("unit:w/u", maker("a"), now);
  grants.make("unit:w/u", maker("a"), now + 1);
  expect(grants.size).toBe(1);
  expect(grants.makerOf("unit:w/u", first.token, now + 2)?.id).toBe("a");
  for (const id of ["b", "c", "d"]) grants.make("unit:w/u", maker(id), now + 2);
  expect(grants.size).toBe(3);
  expect(grants.makerOf("unit:w/u", first.token, now + 2)).toBeUndefined();
  grants.make("unit:w/u", maker("e"), now + 5_000);
  expect(grants.size).toBe(1);
});
