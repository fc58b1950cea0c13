import { describe, expect, test } from "vitest";
import { describeFault, SettingsError } from "./errors.ts";

describe("describeFault()", () => {
  test.each([
    [{ message: "bad" }, "bad"],
    [{ message: "bad", hint: "do better" }, "bad (do better)"],
    [{ message: "bad", file: "foo.yml" }, "foo.yml: bad"],
    [{ message: "bad", file: "foo.yml", line: 7, column: 3, hint: "do better" }, "foo.yml:7:3: bad (do better)"],
  ])("writes %j in one line", (fault, text) => {
    expect(describeFault(fault)).toBe(text);
  });
});

test("SettingsError has a line for each fault and counts those it leaves out", () => {
  const error = new SettingsError("SETTINGS_INVALID", [{ message: "one" }, { message: "two" }], 3);
  expect(error.message).toBe("one\ntwo\nand 3 more");
  expect(error).toMatchObject({ code: "SETTINGS_INVALID", exit: 2, name: "SettingsError" });
});
