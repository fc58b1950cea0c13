import { describe, expect, test } from "vitest";
import { AssertionChecker, assertionKey, signAssertion } from "./assertion.ts";

const key = assertionKey(new Uint8Array(32).fill(7));
const body = Buffer.from('{"a":1}');
const claims = {
  aud: "w1",
  epoch: 3,
  sid: "s",
  sub: "u1",
  name: "Zoë",
  roles: ["admin"],
  max: "operate",
  amr: ["pwd", "otp"],
  auth: 1_000,
  m: "units.list",
} as const;

/** A worker whose clock the test sets. */
function worker(options: { epoch?: number; workerId?: string; key?: Uint8Array } = {}) {
  const clock = { now: 1_000_000 };
  const checker = new AssertionChecker({ workerId: "w1", epoch: 3, key, serverNow: () => clock.now, ...options });
  return { clock, checker };
}
const sign = (changed: Partial<typeof claims> | object = {}, now = 1_000_000) =>
  signAssertion({ ...claims, ...changed }, body, key, now);

const invalid = expect.objectContaining({ code: "ASSERTION_INVALID", status: 401 });
const stale = expect.objectContaining({ code: "ASSERTION_STALE", status: 401 });

describe("an assertion", () => {
  test("tells the worker who asks", () => {
    expect(worker().checker.check(sign(), "units.list", body)).toMatchObject({ ...claims, exp: 1_030_000 });
  });

  test("tells what the server's policy includes; of older servers nothing, and nothing is made of it (CAT-100)", () => {
    const ent = ["remote.monitor", "remote.operate"];
    expect(worker().checker.check(sign({ ent }), "units.list", body).ent).toEqual(ent);
    expect(worker().checker.check(sign(), "units.list", body)).not.toHaveProperty("ent");
  });

  test.each([
    ["no list", "remote.operate"],
    ["no texts", [1]],
    ["null", null],
    ["too many", Array(33).fill("a")],
  ])("whose features are %s is refused", (_name, ent) => {
    expect(() => worker().checker.check(sign({ ent }), "units.list", body)).toThrow(invalid);
  });

  test("stays worth nothing when the server's time turns out to be earlier than it was thought", () => {
    const { clock, checker } = worker();
    const text = sign();
    checker.check(text, "units.list", body);
    clock.now += 31_000;
    // One that came meanwhile: what has expired is forgotten then.
    checker.check(sign({}, clock.now), "units.list", body);
    clock.now -= 31_000;
    expect(() => checker.check(text, "units.list", body)).toThrow(stale);
  });

  test("is worth nothing a second time, and that a while later neither", () => {
    const { clock, checker } = worker();
    const text = sign();
    checker.check(text, "units.list", body);
    expect(() => checker.check(text, "units.list", body)).toThrow(stale);
    clock.now += 29_999;
    expect(() => checker.check(text, "units.list", body)).toThrow(stale);
    clock.now += 1;
    expect(() => checker.check(text, "units.list", body)).toThrow(stale);
  });

  test("is worth nothing when one bit of it has changed", () => {
    const bytes = Buffer.from(sign());
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      const { checker } = worker();
      // The last character of base64 holds bits that mean nothing.
      if (
        Buffer.from(changed.toString().split(".")[2] ?? "", "base64url").equals(
          Buffer.from(bytes.toString().split(".")[2] ?? "", "base64url"),
        ) &&
        at > bytes.lastIndexOf(".")
      )
        continue;
      expect(() => checker.check(changed.toString(), "units.list", body), `bit of byte ${at}`).toThrow(invalid);
    }
  });

  test.each([
    ["another worker", sign({ aud: "w2" }), "units.list", body],
    ["another epoch", sign({ epoch: 2 }), "units.list", body],
    ["another method", sign(), "units.cancel", body],
    ["another body", sign(), "units.list", Buffer.from('{"a":2}')],
    ["nothing", "", "units.list", body],
    ["too much", `v1.${"a".repeat(10_000)}.b`, "units.list", body],
  ])("for %s is refused", (_name, text, method, given) => {
    expect(() => worker().checker.check(text, method, given)).toThrow(invalid);
  });

  test("signed with the secret of an earlier start is refused", () => {
    const old = signAssertion(claims, body, assertionKey(new Uint8Array(32).fill(8)), 1_000_000);
    expect(() => worker().checker.check(old, "units.list", body)).toThrow(invalid);
  });

  test.each([
    ["that comes 31 s late", 31_000, stale],
    ["from 31 s ahead", -31_000, stale],
  ])("%s is refused", (_name, lateMs, error) => {
    const { clock, checker } = worker();
    clock.now += lateMs;
    expect(() => checker.check(sign(), "units.list", body)).toThrow(error);
  });

  test("is refused while too many are remembered, and taken again when they have expired", () => {
    const { clock, checker } = worker();
    for (let n = 0; n < 10_000; n++) checker.check(sign(), "units.list", body);
    expect(() => checker.check(sign(), "units.list", body)).toThrow(stale);
    clock.now += 30_000;
    expect(checker.check(sign({}, clock.now), "units.list", body).sub).toBe("u1");
  });
});
