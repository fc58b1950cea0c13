import { expect, test } from "vitest";
import { ProblemError } from "../../api/problem.ts";
import { fieldFault } from "./field-fault.ts";

const problem = (code: string, detail: string) =>
  new ProblemError({ type: "about:blank", title: "Refused", status: 400, code, detail });
const has =
  (...fields: string[]) =>
  (field: string) =>
    fields.includes(field);

test("fieldFault() finds the field that a worker names among the params", () => {
  const error = problem("TOOL_PARAMS_INVALID", "params of tcp: everyMs: too small; port: must be at most 65535");
  expect(fieldFault(error, has("host", "port"))).toEqual({ field: "port", says: "must be at most 65535" });
  expect(fieldFault(error, has("url"))).toBeUndefined();
});

test("fieldFault() knows which field a refused target stands in", () => {
  const error = problem("TARGET_REFUSED", "10.0.0.1 is not among the targets");
  expect(fieldFault(error, has("url", "attempts"))).toEqual({
    field: "url",
    says: "10.0.0.1 is not among the targets",
  });
  expect(fieldFault(new Error("something else"), has("url"))).toBeUndefined();
});
