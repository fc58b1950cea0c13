import { totpCode } from "#core";
import { expect, test } from "vitest";
import { goodPassword, type TestAccess, testAccess, unbase32 } from "../../../test/kit/access.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";
import { Passwords } from "./passwords.ts";

const origin = { source: "192.0.2.1", client: "test" };
const refused = { code: "LOGIN_REFUSED", status: 401, message: "user name, password or code is wrong" };
const stepMs = 30_000;

describeWithStores("login", ({ open }) => {
  test("with name and password gives a session, however the name is typed", async () => {
    await using store = await open();
    const access = testAccess(store);
    const zoe = await userNamed(access, "zoë");
    const { token, user, mustEnrol } = await access.login.login({ name: " ZOË ", password: goodPassword }, origin);
    expect(token).toMatch(/^fhs_[\w-]{43}$/);
    expect([user, mustEnrol]).toEqual([zoe, false]);
    expect(await access.callers.identify(token)).toMatchObject({ kind: "session", user: zoe, session: origin });
  });

  test("says the same of a wrong password, no user, a disabled one, a service account; each asks argon2 once", async () => {
    await using store = await open();
    const access = testAccess(store);
    await access.accounts.disable((await userNamed(access, "gone")).id);
    await access.accounts.create({ name: "robot", password: null, role: "viewer", labels: null });
    await userNamed(access, "zoe");
    const before = access.passwords.computations;
    const tries = { zoe: "not the right one", nobody: goodPassword, gone: goodPassword, robot: goodPassword };
    for (const [name, password] of Object.entries(tries))
      await expect(access.login.login({ name, password }, origin), name).rejects.toMatchObject(refused);
    expect(access.passwords.computations - before).toBe(4);
  });

  test("guessed a thousand times at once reaches argon2 fewer than 25 times, and then not for 15 minutes", async () => {
    await using store = await open();
    const access = testAccess(store);
    await userNamed(access, "zoe");
    const before = access.passwords.computations;
    const guess = (n: number) => access.login.login({ name: "zoe", password: `guess number ${n}` }, origin);
    for (let round = 0; round < 40; round++) {
      await Promise.allSettled(Array.from({ length: round === 0 ? 1_000 : 25 }, (_, n) => guess(n)));
      access.clock.at += 10_000;
    }
    expect(access.passwords.computations - before).toBeLessThan(25);
    const right = { name: "zoe", password: goodPassword };
    const elsewhere = { ...origin, source: "198.51.100.7" };
    const delayed = { code: "LOGIN_DELAYED", retryAfterMs: expect.any(Number) };
    await expect(access.login.login(right, elsewhere)).rejects.toMatchObject(delayed);
    access.clock.at += 15 * 60_000;
    expect(await access.login.login(right, elsewhere)).toBeDefined();
  });

  test("from one source is slowed down also when each try names another user", async () => {
    await using store = await open();
    const access = testAccess(store);
    const guess = (n: number) => access.login.login({ name: `user${n}`, password: goodPassword }, origin);
    for (let n = 0; n < 5; n++) await expect(guess(n)).rejects.toMatchObject(refused);
    await expect(guess(5)).rejects.toMatchObject({ code: "LOGIN_DELAYED" });
  });

  test("makes a hash anew whose cost is out of date", async () => {
    await using store = await open();
    const access = testAccess(store);
    await userNamed(access, "zoe");
    const zoes = store.db.selectFrom("user").select("password").where("name", "=", "zoe");
    const hash = async () => (await zoes.executeTakeFirstOrThrow()).password;
    const dearer = testAccess(store, { passwords: new Passwords({ memoryCost: 512, timeCost: 1, parallelism: 1 }) });
    await dearer.login.login({ name: "zoe", password: goodPassword }, origin);
    expect(await hash()).toContain("m=512,");
    expect(await access.login.login({ name: "zoe", password: goodPassword }, origin)).toBeDefined();
  });

  test("with a password that is changed meanwhile opens nothing", async () => {
    await using store = await open();
    let between = async (): Promise<unknown> => undefined;
    class Interrupted extends Passwords {
      override async verify(...given: Parameters<Passwords["verify"]>) {
        const fit = await super.verify(...given);
        await between();
        return fit;
      }
    }
    const access = testAccess(store, { passwords: new Interrupted({ memoryCost: 256, timeCost: 1, parallelism: 1 }) });
    const zoe = await userNamed(access, "zoe");
    const login = () => access.login.login({ name: "zoe", password: goodPassword }, origin);
    between = () => access.accounts.setPassword(zoe.id, "another good one 77");
    await expect(login()).rejects.toMatchObject(refused);
    expect(await access.sessions.list(zoe.id)).toEqual([]);
  });
});

describeWithStores("the second factor", ({ open }) => {
  test("is asked for once a code has confirmed it, and counts once", async () => {
    await using store = await open();
    const access = testAccess(store);
    const { secret } = await enrolled(access, "zoe");
    const login = (code?: string) =>
      access.login.login({ name: "zoe", password: goodPassword, ...(code !== undefined && { code }) }, origin);
    await expect(login()).rejects.toMatchObject({ code: "FACTOR_NEEDED" });
    // The code that confirmed it has been used.
    await expect(login(totpCode(secret, access.clock.at))).rejects.toMatchObject(refused);
    access.clock.at += stepMs;
    const code = totpCode(secret, access.clock.at);
    const both = await Promise.allSettled([login(code), login(code)]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await expect(login(code)).rejects.toMatchObject(refused);
  });

  test("with a wrong password says what it says with a wrong code", async () => {
    await using store = await open();
    const access = testAccess(store);
    const { secret } = await enrolled(access, "zoe");
    access.clock.at += stepMs;
    const code = totpCode(secret, access.clock.at);
    const wrong = { name: "zoe", password: "not the right one", code };
    await expect(access.login.login(wrong, origin)).rejects.toMatchObject(refused);
    // It was not used up by somebody without the password.
    expect(await access.login.login({ ...wrong, password: goodPassword }, origin)).toBeDefined();
  });

  test("lets in with each recovery code once, until there are new ones", async () => {
    await using store = await open();
    const access = testAccess(store);
    const { codes, user } = await enrolled(access, "zoe");
    const login = (code = "") => access.login.login({ name: "zoe", password: goodPassword, code }, origin);
    expect((await login(codes[0]?.toUpperCase())).session.factorAt).toBe(access.clock.at);
    await expect(login(codes[0])).rejects.toMatchObject(refused);
    expect(await access.factors.recoveryCodesLeft(user.id)).toBe(9);
    const renewed = await access.factors.renewRecoveryCodes(user.id);
    await expect(login(codes[1])).rejects.toMatchObject(refused);
    expect(await login(renewed[9])).toBeDefined();
  });

  test("is locked for 15 minutes by ten wrong codes, and the user hears of it", async () => {
    await using store = await open();
    const heard: string[] = [];
    const access = testAccess(store, { factorLocked: (id) => heard.push(id) });
    const { secret, user } = await enrolled(access, "zoe");
    for (let n = 0; n < 10; n++) {
      access.clock.at += 60_000;
      const wrong = { name: "zoe", password: goodPassword, code: String(100_000 + n) };
      await expect(access.login.login(wrong, { ...origin, source: `10.0.0.${n}` })).rejects.toMatchObject(refused);
    }
    expect(heard).toEqual([user.id]);
    const stepUp = async () => await access.login.stepUp(user.id, session.id, totpCode(secret, access.clock.at));
    const { session } = await access.sessions.open(user.id, origin, false);
    await expect(stepUp()).rejects.toMatchObject({ code: "FACTOR_LOCKED", status: 429 });
    access.clock.at += 15 * 60_000;
    expect((await stepUp()).session.factorAt).toBe(access.clock.at);
  });

  test("that a role must have is set up before anything works, with session or token", async () => {
    await using store = await open();
    const access = testAccess(store, { policy: { admin: "required", viewer: "off" } });
    const zoe = await userNamed(access, "zoe");
    const { token, session, mustEnrol } = await access.login.login({ name: "zoe", password: goodPassword }, origin);
    const { token: apiToken } = await access.apiTokens.make(zoe.id, {
      name: "t",
      scopes: ["*:admin"],
      expiresAt: null,
    });
    expect(mustEnrol).toBe(true);
    const needed = { code: "FACTOR_ENROLMENT_NEEDED", status: 403 };
    for (const credential of [token, apiToken])
      await expect(access.callers.identify(credential)).rejects.toMatchObject(needed);
    await expect(access.callers.identify(apiToken, { enrolling: true })).rejects.toMatchObject(needed);
    expect(await access.callers.identify(token, { enrolling: true })).toBeDefined();
    await confirmed(access, zoe.id);
    const raised = await access.sessions.raise(session.id);
    for (const credential of [raised.token, apiToken]) expect(await access.callers.identify(credential)).toBeDefined();
    await expect(access.callers.identify(token)).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
    const viewer = await access.accounts.create({ name: "v", password: goodPassword, role: "viewer", labels: null });
    await expect(access.factors.begin(viewer.id)).rejects.toMatchObject({ code: "FACTOR_OFF" });
  });

  test("in force is not replaced but by a reset, which ends the user's sessions", async () => {
    await using store = await open();
    const access = testAccess(store);
    const { user } = await enrolled(access, "zoe");
    await expect(access.factors.begin(user.id)).rejects.toMatchObject({ code: "FACTOR_EXISTS" });
    const { token } = await access.sessions.open(user.id, origin, true);
    await access.factors.reset(user.id);
    await expect(access.callers.identify(token)).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
    const { token: without } = await access.login.login({ name: "zoe", password: goodPassword }, origin);
    expect(await access.callers.identify(without)).toMatchObject({ user: { factor: false } });
  });
});

/** An admin, and another one so that either may be disabled. */
async function userNamed(access: TestAccess, name: string) {
  const admin = { password: goodPassword, role: "admin", labels: null } as const;
  await access.accounts.create({ ...admin, name: `${name}-other` });
  return await access.accounts.create({ ...admin, name });
}

async function enrolled(access: TestAccess, name: string) {
  const user = await userNamed(access, name);
  return { user, ...(await confirmed(access, user.id)) };
}

async function confirmed(access: TestAccess, userId: string) {
  const { uri } = await access.factors.begin(userId);
  const secret = unbase32(new URL(uri).searchParams.get("secret") ?? "");
  const codes = await access.factors.confirm(userId, totpCode(secret, access.clock.at));
  return { secret, codes };
}
