import { expect, test } from "vitest";
import { Secret } from "#core";
import { isTimedToken, timedToken } from "./timed-token.ts";

const secret = new Secret("0123456789abcdef");
const until = 1_798_000_000;
const token = timedToken(secret, "unit:w/u", until);

test("a token opens its channel until its time, to the second, and no other channel", () => {
  expect(isTimedToken(secret, "unit:w/u", token, until - 1)).toBe(true);
  expect(isTimedToken(secret, "unit:w/u", token, until)).toBe(false);
  expect(isTimedToken(secret, "unit:w/u2", token, until - 1)).toBe(false);
  // A server that was started anew has another secret.
  expect(isTimedToken(new Secret("another"), "unit:w/u", token, until - 1)).toBe(false);
});

test.each([undefined, "", ".", `${until}`, token.slice(0, -1), `${token}x`, token.replace(`${until}`, `${until + 1}`)])(
  "%j opens nothing",
  (wrong) => {
    expect(isTimedToken(secret, "unit:w/u", wrong, 0)).toBe(false);
  },
);
