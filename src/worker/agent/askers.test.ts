import { expect, test } from "vitest";
import { assertionKey, signAssertion } from "#fleet";
import { type AskerRules, Askers } from "./askers.ts";

const key = assertionKey(new Uint8Array(32).fill(7));
const claims = { aud: "w1", epoch: 1, sid: "s", sub: "u1", name: "Zoë", amr: ["pwd"], auth: 1, m: "units.list" };

/** The level of an admin of the server whose assertion says so much. */
function levelWith(ent: readonly string[] | undefined, rules?: AskerRules) {
  const askers = new Askers(() => ({ admin: "admin", "*": "monitor" }), rules);
  askers.registered({ workerId: "w1", epoch: 1, key, serverNow: () => 1_000 });
  const said = { ...claims, roles: ["admin"], max: "admin", ...(ent && { ent }) } as const;
  return askers.check(signAssertion(said, Buffer.from("{}"), key, 1_000), "units.list", "{}").level;
}

const [monitor, operate, configure] = ["remote.monitor", "remote.operate", "remote.configure"] as const;

test.each([
  ["everything", [monitor, operate, configure], "admin"],
  ["no configuring", [monitor, operate], "operate"],
  ["no operating, which configuring rests on", [monitor, configure], "monitor"],
  ["looking on", [monitor], "monitor"],
  ["what nobody knows", ["remote.everything", "*"], "none"],
  ["nothing", [], "none"],
])("CAT-100: when the server's policy includes %s, an admin has what it reaches to", (_says, ent, level) => {
  expect(levelWith(ent)).toBe(level);
});

test("CAT-100: an older server says nothing of its policy, and then the worker asks for nothing unless told to", () => {
  expect(levelWith(undefined)).toBe("admin");
  expect(levelWith(undefined, { needsEntitlement: () => true })).toBe("none");
  expect(levelWith([monitor, operate], { needsEntitlement: () => true })).toBe("operate");
});
