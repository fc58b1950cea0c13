import { expect, test } from "vitest";
import { ProblemError, unreachable } from "../../api/problem.ts";
import { refusalsIn, refusedIn, startEach } from "./start-each.ts";

const refusal = (code: string) =>
  new ProblemError({ type: "about:blank", title: "Refused", status: 403, detail: "no", code });

const start = (refuses: Readonly<Record<string, Error>>) => async (worker: string) => {
  const error = refuses[worker];
  if (error) throw error;
  return `unit of ${worker}`;
};

test("startEach() starts on all that take it, and names those that do not", async () => {
  const { started, refused } = await startEach(["a", "b", "c"], start({ b: refusal("TARGET_REFUSED") }));
  expect(started).toEqual([
    { worker: "a", unit: "unit of a" },
    { worker: "c", unit: "unit of c" },
  ]);
  expect(refused).toEqual([{ worker: "b", code: "TARGET_REFUSED", detail: "no" }]);
});

test("startEach() throws the first refusal when nobody takes it", async () => {
  const refuses = start({ a: refusal("TOOL_PARAMS_INVALID"), b: refusal("TARGET_REFUSED") });
  await expect(startEach(["a", "b"], refuses)).rejects.toMatchObject({ problem: { code: "TOOL_PARAMS_INVALID" } });
});

test("startEach() throws where an answer is missing: whether there is a unit is not known", async () => {
  const some = start({ b: unreachable() });
  await expect(startEach(["a", "b"], some)).rejects.toMatchObject({ problem: { code: "SERVER_UNREACHABLE" } });
});

test("refusedIn() takes what looks like a refusal, and nothing else", () => {
  const known = { worker: "a", code: "TARGET_REFUSED" };
  expect(refusedIn([known, { worker: "b", code: "<b>" }, { worker: 7, code: "A_B" }, null, "x"])).toEqual([known]);
  expect(refusedIn("x")).toEqual([]);
});

test("refusalsIn() keeps the words of a refusal, and nothing that is no text", () => {
  const known = { worker: "a", code: "TARGET_REFUSED", detail: "not this one", remedy: "ask for another" };
  const odd = { worker: "b", code: "TARGET_REFUSED", detail: 7, remedy: { x: 1 } };
  expect(refusalsIn([known, odd, { detail: "alone" }])).toEqual([known, { worker: "b", code: "TARGET_REFUSED" }]);
  expect(refusalsIn(undefined)).toEqual([]);
});
