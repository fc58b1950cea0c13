import { expect, test } from "vitest";
import { type ConnectFacts, connectHints } from "./connect-hints.ts";

const fine: ConnectFacts = {
  ...{ way: "server", isRunning: true, running: "online", refused: undefined, apiEnabled: true },
  ...{ roles: { admin: "admin" }, passwordSet: true, passwordRemote: true, port: 8889, publicUrl: "https://w:18889" },
};
const trouble = (facts: Partial<ConnectFacts>): string | undefined =>
  connectHints({ ...fine, ...facts }).find(({ state }) => state === "trouble")?.question;

test.each([
  [{ isRunning: false, roles: {} }, "is the service running?"],
  [{ refused: "the policy does not include it", roles: {} }, "may you look at it?"],
  [{ way: "api", apiEnabled: false, roles: {} }, "is the API enabled?"],
  [{ apiEnabled: false, roles: { a: "none" } }, "are the roles for remote access set?"],
  [{ way: "password", passwordSet: false, roles: {} }, "is a password set?"],
  [{ way: "password", passwordRemote: false }, "is a password set?"],
  [{ way: "direct", publicUrl: null }, "are its outside address and published port known?"],
  [{ apiEnabled: false, passwordSet: false, publicUrl: null }, undefined],
] as const)("CAT-114: %j: the first that is in trouble is: %s", (facts, question) => {
  expect(trouble(facts)).toBe(question);
});

test("CAT-114: each trouble says what to do and who can; what nobody could ask is unknown, and no trouble", () => {
  const all = connectHints({ ...fine, way: "password", apiEnabled: false, passwordSet: false });
  for (const { cure, who } of all.filter(({ state }) => state === "trouble"))
    expect([cure, who]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
  const unasked = { apiEnabled: undefined, roles: undefined, passwordSet: undefined, port: undefined };
  const states = connectHints({ ...fine, way: "api", ...unasked }).map(({ state }) => state);
  expect(states).toEqual(["fine", "fine", "unknown", "unknown", "unneeded", "unknown", "unneeded"]);
});
