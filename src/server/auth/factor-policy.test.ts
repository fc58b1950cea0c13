import { expect, test } from "vitest";
import { factorPolicy } from "./factor-policy.ts";

test("factorPolicy() reads a rule for each role (CAT-66)", () => {
  expect(factorPolicy(["admin=required", "viewer=off"])).toEqual({ admin: "required", viewer: "off" });
  expect(factorPolicy([])).toEqual({});
});

test.each(["admin", "admin=", "root=required", "admin=maybe", "=required", "__proto__=off"])(
  "factorPolicy() refuses %s, and says what there is",
  (word) => {
    const refused = { code: "SETTINGS_INVALID", message: expect.stringContaining("admin and off, optional, required") };
    expect(() => factorPolicy([word])).toThrow(expect.objectContaining(refused) as Error);
  },
);
