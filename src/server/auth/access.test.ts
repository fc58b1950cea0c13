import { expect, test } from "vitest";
import { goodPassword, type TestAccess, testAccess } from "../../../test/kit/access.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";
import type { Store } from "../store/store.ts";
import { callerLevel, callerMethods, checkStepUp } from "./callers.ts";
import type { Ending } from "./endings.ts";
import type { Role } from "./roles.ts";

const origin = { source: "192.0.2.1", client: "test" };
const invalid = { code: "CREDENTIAL_INVALID", status: 401 };
const minuteMs = 60_000;

describeWithStores("users", ({ open }) => {
  test("begin with one admin, whose password is shown once", async () => {
    await using store = await open();
    const access = testAccess(store);
    const made = await Promise.all([1, 2, 3].map(() => access.accounts.makeFirstAdmin()));
    const [admin, ...more] = made.filter((one) => one !== undefined);
    expect(more).toEqual([]);
    expect(admin).toEqual({ name: "admin", password: expect.stringMatching(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/) });
    expect(await access.accounts.makeFirstAdmin()).toBeUndefined();
    const { user } = await access.login.login(admin!, origin);
    expect(user).toMatchObject({ name: "admin", role: "admin", labels: null, factor: false });
  });

  test("have a name of their own, a role, and a password that is not guessed first", async () => {
    await using store = await open();
    const { accounts } = testAccess(store);
    const wish = { name: "Zoë", password: goodPassword, role: "operator", labels: { site: "a" } } as const;
    const zoe = await accounts.create(wish);
    expect(zoe).toMatchObject({ name: "zoë", role: "operator", labels: { site: "a" }, service: false });
    expect(await accounts.list()).toEqual([zoe]);
    await expect(accounts.create({ ...wish, name: " ZOË" })).rejects.toMatchObject({ code: "USER_EXISTS" });
    await expect(accounts.create({ ...wish, name: "b", password: "short" })).rejects.toMatchObject({
      code: "PASSWORD_UNFIT",
    });
    for (const wrong of [
      { name: "a b" },
      { name: "" },
      { role: "root" as Role },
      { labels: {} },
      { labels: { a: "" } },
    ])
      await expect(accounts.create({ ...wish, ...wrong })).rejects.toMatchObject({ code: "USER_UNFIT" });
  });

  test("always leave an admin of everything behind", async () => {
    await using store = await open();
    const { accounts } = testAccess(store);
    const admin = { password: goodPassword, role: "admin", labels: null } as const;
    const one = await accounts.create({ ...admin, name: "one" });
    await accounts.create({ ...admin, name: "service", password: null });
    await accounts.create({ ...admin, name: "restricted", labels: { site: "a" } });
    const last = { code: "LAST_ADMIN", status: 409 };
    await expect(accounts.disable(one.id)).rejects.toMatchObject(last);
    await expect(accounts.setRole(one.id, "viewer", null)).rejects.toMatchObject(last);
    await expect(accounts.setRole(one.id, "admin", { site: "a" })).rejects.toMatchObject(last);
    await accounts.create({ ...admin, name: "two" });
    await accounts.disable(one.id);
    await expect(accounts.disable("nobody")).rejects.toMatchObject({ code: "USER_NOT_FOUND" });
  });

  test.each([
    ["password changed", (access: TestAccess, id: string) => access.accounts.setPassword(id, "another good one 77")],
    ["role changed", (access: TestAccess, id: string) => access.accounts.setRole(id, "viewer", null)],
    ["user disabled", (access: TestAccess, id: string) => access.accounts.disable(id)],
    ["factor reset", (access: TestAccess, id: string) => access.factors.reset(id)],
  ] as const)("lose their sessions when: %s", async (cause, change) => {
    await using store = await open();
    const { access, endings, zoe } = await withUser(store);
    const opened = await Promise.all([1, 2].map(() => access.sessions.open(zoe.id, origin, false)));
    await change(access, zoe.id);
    const ids = endings.filter((ending) => ending.kind === "session" && ending.cause === cause).map(({ id }) => id);
    expect(ids.sort()).toEqual(opened.map(({ session }) => session.id).sort());
    for (const { token } of opened) await expect(access.callers.identify(token)).rejects.toMatchObject(invalid);
  });

  test("keep the session in which they change their own password, and no other", async () => {
    await using store = await open();
    const { access, zoe } = await withUser(store);
    const here = await access.sessions.open(zoe.id, origin, false);
    const there = await access.sessions.open(zoe.id, origin, false);
    await access.login.confirm(zoe, goodPassword, origin.source);
    await expect(access.login.confirm(zoe, "wrong password", "x")).rejects.toMatchObject({ code: "LOGIN_REFUSED" });
    await access.accounts.setPassword(zoe.id, "another good one 77", here.session.id);
    expect(await access.callers.identify(here.token)).toBeDefined();
    await expect(access.callers.identify(there.token)).rejects.toMatchObject(invalid);
  });
});

describeWithStores("sessions", ({ open }) => {
  test("end after 30 minutes without use, and after 12 hours with any", async () => {
    await using store = await open();
    const { access, endings, zoe } = await withUser(store);
    const { token, session } = await access.sessions.open(zoe.id, origin, false);
    const idle = await access.sessions.open(zoe.id, origin, false);
    const begun = access.clock.at;
    for (let minutes = 29; minutes < 720; minutes += 29) {
      access.clock.at = begun + minutes * minuteMs;
      expect(await access.callers.identify(token)).toMatchObject({ session: { id: session.id } });
    }
    await expect(access.callers.identify(idle.token)).rejects.toMatchObject(invalid);
    access.clock.at = begun + 720 * minuteMs;
    await expect(access.callers.identify(token)).rejects.toMatchObject(invalid);
    expect(endings.map(({ id, cause }) => [id, cause])).toEqual([
      [idle.session.id, "expired"],
      [session.id, "expired"],
    ]);
  });

  test("that expired while nobody asked are told of by a sweep, so that their streams end", async () => {
    await using store = await open();
    const { access, endings, zoe } = await withUser(store);
    const [used, idle] = await Promise.all([1, 2].map(() => access.sessions.open(zoe.id, origin, false)));
    access.clock.at += 29 * minuteMs;
    await access.sessions.touch(used!.session.id);
    access.clock.at += minuteMs;
    await access.sweep();
    expect(endings).toEqual([{ kind: "session", id: idle!.session.id, userId: zoe.id, cause: "expired" }]);
    expect(await access.sessions.alive([used!.session.id, idle!.session.id])).toEqual(new Set([used!.session.id]));
  });

  test("are listed for their user, who ends one or all others, and nobody else's", async () => {
    await using store = await open();
    const { access, endings, zoe, admin } = await withUser(store);
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => access.sessions.open(zoe.id, origin, false)));
    const theirs = await access.sessions.open(admin.id, { source: "x\u0000y", client: "z".repeat(999) }, false);
    expect(theirs.session).toMatchObject({ source: "x y", client: "z".repeat(200) });
    expect((await access.sessions.list(zoe.id)).map(({ id }) => id).sort()).toEqual(
      [a, b, c].map((one) => one!.session.id).sort(),
    );
    const missing = { code: "SESSION_NOT_FOUND", status: 404 };
    await expect(access.sessions.end(zoe.id, theirs.session.id)).rejects.toMatchObject(missing);
    await access.sessions.end(zoe.id, a!.session.id, "logout");
    expect(await access.sessions.endAll(zoe.id, "ended", b!.session.id)).toBe(1);
    expect(endings.map(({ id, cause }) => [id, cause])).toEqual([
      [a!.session.id, "logout"],
      [c!.session.id, "ended"],
    ]);
    expect(await access.callers.identify(b!.token)).toBeDefined();
    expect(await access.callers.identify(theirs.token)).toBeDefined();
  });

  test("get a new token when they may do more, and a factor that grows old is asked for again", async () => {
    await using store = await open();
    const { access, zoe } = await withUser(store);
    const { token, session } = await access.sessions.open(zoe.id, origin, false);
    const raised = await access.sessions.raise(session.id);
    expect(raised.session.id).toBe(session.id);
    await expect(access.callers.identify(token)).rejects.toMatchObject(invalid);
    const caller = await access.callers.identify(raised.token);
    expect(callerMethods(caller)).toEqual(["pwd", "otp"]);
    const withFactor = { ...caller, user: { ...caller.user, factor: true } };
    const now = access.clock.at;
    expect(() => checkStepUp(withFactor, now + 599_999)).not.toThrow();
    const needed = expect.objectContaining({ code: "FACTOR_NEEDED" });
    expect(() => checkStepUp(withFactor, now + 660_000)).toThrow(needed);
    await access.sessions.end(zoe.id, session.id);
    await expect(access.sessions.raise(session.id)).rejects.toMatchObject(invalid);
  });

  test.each([
    [""],
    ["fhs_"],
    [`fhs_${"a".repeat(43)}`],
    [`fht_${"a".repeat(43)}`],
    ["x".repeat(100_000)],
    ["' or 1=1"],
  ])("are not opened by %.20s, so that nobody can bring a token along", async (token) => {
    await using store = await open();
    const { access } = await withUser(store);
    await expect(access.callers.identify(token)).rejects.toMatchObject(invalid);
  });
});

describeWithStores("API tokens", ({ open }) => {
  test("do what their user may and their scopes leave, until they expire or are revoked", async () => {
    await using store = await open();
    const { access, endings, zoe } = await withUser(store);
    const wish = { name: "ci", scopes: ["workers:operate", "workers:operate"], expiresAt: access.clock.at + minuteMs };
    const { token, apiToken } = await access.apiTokens.make(zoe.id, wish);
    expect(token).toMatch(/^fht_[\w-]{43}$/);
    const caller = await access.callers.identify(token);
    expect([callerLevel(caller, "workers"), callerLevel(caller, "users"), callerMethods(caller)]).toEqual([
      "operate",
      "none",
      ["token"],
    ]);
    const used = { ...apiToken, scopes: ["workers:operate"], usedAt: access.clock.at };
    expect(await access.apiTokens.list(zoe.id)).toEqual([used]);
    access.clock.at += minuteMs;
    await expect(access.callers.identify(token)).rejects.toMatchObject(invalid);
    await access.sweep();
    const endless = await access.apiTokens.make(zoe.id, { ...wish, expiresAt: null });
    await access.apiTokens.revoke(zoe.id, endless.apiToken.id);
    await expect(access.callers.identify(endless.token)).rejects.toMatchObject(invalid);
    expect(endings.map(({ kind, id, cause }) => [kind, id, cause])).toEqual([
      ["token", apiToken.id, "expired"],
      ["token", endless.apiToken.id, "revoked"],
    ]);
    const again = access.apiTokens.revoke(zoe.id, endless.apiToken.id);
    await expect(again).rejects.toMatchObject({ code: "API_TOKEN_NOT_FOUND" });
  });

  test("rest while their user is disabled, and what is open under them is cut", async () => {
    await using store = await open();
    const { access, endings, zoe } = await withUser(store);
    const { token, apiToken } = await access.apiTokens.make(zoe.id, {
      name: "t",
      scopes: ["*:admin"],
      expiresAt: null,
    });
    await access.accounts.setRole(zoe.id, "operator", { site: "a" });
    const caller = await access.callers.identify(token);
    expect(callerLevel(caller, "workers", { site: "a" })).toBe("operate");
    expect([callerLevel(caller, "workers"), callerLevel(caller, "users")]).toEqual(["none", "none"]);
    await access.accounts.disable(zoe.id);
    await expect(access.callers.identify(token)).rejects.toMatchObject(invalid);
    expect(await access.apiTokens.alive([apiToken.id])).toEqual(new Set());
    expect(endings.map(({ id, cause }) => [id, cause])).toEqual([
      [apiToken.id, "role changed"],
      [apiToken.id, "user disabled"],
    ]);
    await access.accounts.enable(zoe.id);
    expect(await access.callers.identify(token)).toBeDefined();
  });

  test.each([
    ["no scope", { scopes: [] }],
    ["an unknown scope", { scopes: ["workers:operate", "all"] }],
    ["no name", { name: " " }],
    ["an end in the past", { expiresAt: 1 }],
    ["an end that is no time", { expiresAt: Number.NaN }],
  ])("with %s are not made", async (_name, wrong) => {
    await using store = await open();
    const { access, zoe } = await withUser(store);
    const wish = { name: "t", scopes: ["*:admin"], expiresAt: null, ...wrong };
    await expect(access.apiTokens.make(zoe.id, wish)).rejects.toMatchObject({ code: "API_TOKEN_UNFIT" });
  });
});

async function withUser(store: Store) {
  const access = testAccess(store);
  const endings: Ending[] = [];
  access.endings.listen((ending) => endings.push(ending));
  const admin = { password: goodPassword, role: "admin", labels: null } as const;
  return {
    access,
    endings,
    admin: await access.accounts.create({ ...admin, name: "root" }),
    zoe: await access.accounts.create({ ...admin, name: "zoe" }),
  };
}
