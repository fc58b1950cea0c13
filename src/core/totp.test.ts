import { expect, test } from "vitest";
import { newTotpSecret, totpCode, totpStep, totpText, totpUri } from "./totp.ts";

/** RFC 6238, appendix B, SHA-1: seconds and the code, of whose eight digits six are the last six. */
const vectors: readonly [number, string][] = [
  [59, "94287082"],
  [1_111_111_109, "07081804"],
  [1_111_111_111, "14050471"],
  [1_234_567_890, "89005924"],
  [2_000_000_000, "69279037"],
  [20_000_000_000, "65353130"],
];
const rfcSecret = Buffer.from("12345678901234567890");

test.each(vectors)("at %i s the code is that of RFC 6238", (seconds, code) => {
  expect(totpCode(rfcSecret, seconds * 1_000)).toBe(code.slice(2));
  expect(totpStep(rfcSecret, code.slice(2), seconds * 1_000, 0)).toBe(Math.floor(seconds / 30));
});

test("a code counts one step early and late, and no more", () => {
  const secret = newTotpSecret();
  const now = 1_900_000_015_000;
  const step = Math.floor(now / 30_000);
  const at = (distance: number) => totpStep(secret, totpCode(secret, now + distance * 30_000), now, 0);
  expect([-1, 0, 1].map(at)).toEqual([step - 1, step, step + 1]);
  expect([-3, -2, 2, 3].map(at)).toEqual([undefined, undefined, undefined, undefined]);
});

test("a step that was taken is refused afterwards, and those before it", () => {
  const now = 1_900_000_015_000;
  const step = Math.floor(now / 30_000);
  const code = totpCode(rfcSecret, now);
  expect(totpStep(rfcSecret, code, now, step - 1)).toBe(step);
  expect(totpStep(rfcSecret, code, now, step)).toBeUndefined();
  expect(totpStep(rfcSecret, totpCode(rfcSecret, now - 30_000), now, step)).toBeUndefined();
  expect(totpStep(rfcSecret, totpCode(rfcSecret, now + 30_000), now, step)).toBe(step + 1);
});

test.each([[""], ["12345"], ["1234567"], ["12345a"], ["１２３４５６"], ["-12345"], ["1".repeat(100_000)]])(
  "%j is no code",
  (text) => expect(totpStep(rfcSecret, text.slice(0, 200_000), 59_000, 0)).toBeUndefined(),
);

test("a secret has 160 bits, and apps read its address", () => {
  const secret = newTotpSecret();
  expect(secret).toHaveLength(20);
  const uri = new URL(totpUri(secret, "Farhand lab", "zoë@x"));
  expect([uri.protocol, uri.host, decodeURIComponent(uri.pathname)]).toEqual([
    "otpauth:",
    "totp",
    "/Farhand lab:zoë@x",
  ]);
  expect(Object.fromEntries(uri.searchParams)).toEqual({
    issuer: "Farhand lab",
    secret: totpText(secret),
    algorithm: "SHA1",
    digits: "6",
    period: "30",
  });
});
