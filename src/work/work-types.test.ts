import { describe, expect, test } from "vitest";
import { WorkTypes } from "./work-types.ts";

const type = (workType: string) =>
  ({ kind: "command", workType, command: "true", params: "", allowRuntimeParams: false }) as const;

describe("WorkTypes", () => {
  test("get() finds a type by its name and refuses an unknown one", () => {
    const types = new WorkTypes([type("echo")]);
    expect(types.get("echo").workType).toBe("echo");
    expect(types.find("Echo")).toBeUndefined();
    expect(() => types.get("nope")).toThrow(
      expect.objectContaining({ code: "WORK_TYPE_UNKNOWN", message: "unknown work type nope" }),
    );
  });

  test.each([["echo", "echo"], ["remote"]])("refuses the names %s %s", (...names) => {
    expect(() => new WorkTypes(names.map(type))).toThrow(
      expect.objectContaining({ code: "WORK_TYPE_TAKEN", message: `work type ${names[0]} already registered` }),
    );
  });

  test("list() gives them in their order, as advertised", () => {
    expect(new WorkTypes([type("b"), type("a")]).list()).toEqual([
      { WorkType: "b", Secure: false },
      { WorkType: "a", Secure: false },
    ]);
  });
});
