import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeEnrolmentToken, encodeEnrolmentToken, newEnrolmentToken } from "./enrolment-token.ts";

const pin = "0f".repeat(32);

test.each([[undefined], [pin]])("a token is one word, and says all it said (pin: %s)", (given) => {
  const token = newEnrolmentToken("en-1", given);
  const word = encodeEnrolmentToken(token);
  expect(word).toMatch(/^fh1\.[\w-]+$/);
  expect(decodeEnrolmentToken(`  ${word}\n`)).toEqual(token);
});

test("no two have the same secret, of 256 bits", () => {
  const secrets = Array.from({ length: 100 }, () => newEnrolmentToken("en-1").secret);
  expect(new Set(secrets).size).toBe(100);
  for (const secret of secrets) expect(Buffer.from(secret, "base64url")).toHaveLength(32);
});

test("a token that lost its end, or is none, is refused without being repeated", () => {
  const word = encodeEnrolmentToken(newEnrolmentToken("en-1", pin));
  for (const text of ["", "fh1.", "fh2.abc", word.slice(0, -1), word.slice(0, 40), `fh1.${"a".repeat(3_000)}`]) {
    const refused = expect.objectContaining({ code: "TOKEN_INVALID", exit: 2 });
    expect(() => decodeEnrolmentToken(text), text.slice(0, 20)).toThrow(refused);
    expect(() => decodeEnrolmentToken(text)).not.toThrow(word.slice(8, 40));
  }
});

test("whatever it is given, it gives a token or says no", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.base64String()), (text) => {
      const word = `fh1.${Buffer.from(text).toString("base64url")}`;
      expect(() => decodeEnrolmentToken(word)).toThrow(expect.objectContaining({ code: "TOKEN_INVALID" }));
    }),
  );
});
