import { expect, test } from "vitest";
import { newRecoveryCodes, recoveryCodeHash } from "./recovery-codes.ts";

test("there are ten, all different, of 80 bits", () => {
  const codes = newRecoveryCodes();
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) expect(code).toMatch(/^([a-z2-7]{4}-){3}[a-z2-7]{4}$/);
});

test("a code is the same one however it is written, and another one for each user", () => {
  const hash = recoveryCodeHash("u1", "oble-defg-hijk-lmno");
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  for (const text of ["OBLE-DEFG-HIJK-LMNO", " obledefg hijklmno\n", "0b1e-defg-hijk-1mn0"])
    expect(recoveryCodeHash("u1", text)).toBe(hash);
  expect(recoveryCodeHash("u2", "oble-defg-hijk-lmno")).not.toBe(hash);
});

test.each([[""], ["123456"], ["oble-defg-hijk-lmn"], ["oble-defg-hijk-lmn8"], ["a".repeat(1_000)]])(
  "%j is none",
  (text) => expect(recoveryCodeHash("u1", text)).toBeUndefined(),
);
