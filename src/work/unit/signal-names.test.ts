import { expect, test } from "vitest";
import { signalName, signalNumber } from "./signal-names.ts";

test("each signal has a name, and the name leads back to it", () => {
  const all = Array.from({ length: 64 }, (_, at) => at + 1);
  expect(all.map((signal) => signalNumber(signalName(signal)))).toEqual(all);
  expect([signalName(9), signalName(34), signalName(64)]).toEqual(["SIGKILL", "SIG34", "SIG64"]);
});

test("what is no name of a signal here has no number", () => {
  for (const name of ["SIGEMT", "SIG0", "SIG65", "SIG034", "SIG", "KILL", "9", ""])
    expect(signalNumber(name), name).toBeUndefined();
});
