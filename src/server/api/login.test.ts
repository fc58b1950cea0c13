import { describe, expect, test } from "vitest";
import { apiKit, eventually, type TestApi, type TestUser } from "../../../test/kit/api.ts";
import { goodPassword, unbase32 } from "../../../test/kit/access.ts";
import { totpCode } from "../../../test/kit/totp.ts";
import { describeWithStores } from "../../../test/kit/stores.ts";

const kit = apiKit();
const login = async (api: TestApi, body: object, headers: object = {}) =>
  await api.ask("POST", "/api/login", { body, headers: { ...headers } });

describeWithStores("logging in", ({ open }) => {
  test("takes two steps with a second factor, and a code counts once", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const user = await api.user("zoe", "viewer");
    const secret = unbase32((await api.ask("POST", "/api/me/totp", user)).json["secret"] as string);
    const code = () => totpCode(secret, api.access.clock.now());
    await api.ask("POST", "/api/me/totp/confirm", { auth: user.auth, body: { code: code() } });
    api.access.clock.at += 60_000;
    const first = await login(api, { user: "zoe", password: goodPassword });
    expect(first.json).toEqual({ ticket: expect.any(String), factor: "totp" });
    expect(first.json["ticket"]).not.toContain(goodPassword);
    const factor = async (ticket: unknown, given: string) =>
      await api.ask("POST", "/api/login/factor", { body: { ticket, code: given } });
    const second = await factor(first.json["ticket"], code());
    expect(second.json).toMatchObject({ token: expect.stringMatching(/^fhs_/), user: { name: "zoe", factor: true } });
    const again = await factor(first.json["ticket"], code());
    expect(again).toMatchObject({ status: 401, json: { code: "FACTOR_REFUSED" } });
    expect((await factor("AAAA", code())).json.code).toBe("LOGIN_REFUSED");
    api.access.clock.at += 6 * 60_000;
    expect((await factor(first.json["ticket"], code())).json.code).toBe("LOGIN_REFUSED");
  });

  test("says the same of everything that is wrong, and the audit holds neither name nor password", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const root = await api.user("root", "admin");
    const tries = [
      { user: "root", password: "wrong wrong wrong" },
      { user: "nobody", password: goodPassword },
      { user: "secret typed here", password: "x" },
    ];
    const answers = await Promise.all(tries.map(async (body) => await login(api, body)));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    await eventually(async () =>
      (await api.ask("GET", "/api/audit", root)).json.items.filter(({ action }) => action === "login.refused"),
    ).toHaveLength(3);
    const audit = await api.ask("GET", "/api/audit", root);
    expect(audit.text).not.toMatch(/secret typed here|wrong wrong|nobody/);
  });

  test("who guesses on and on fills the audit no faster than guesses are looked at", async () => {
    await using store = await open();
    await using api = await kit.over(store);
    const root = await api.user("root", "admin");
    for (let n = 0; n < 60; n++) await login(api, { user: "root", password: `guess ${n} of many` });
    const rows = async () =>
      (await api.ask("GET", "/api/audit?limit=500", root)).json.items
        .filter(({ action }) => action === "login.refused")
        .map(({ detail }) => (detail as { code: string }).code);
    await eventually(rows).toContain("LOGIN_DELAYED");
    expect((await rows()).filter((code) => code === "LOGIN_DELAYED")).toHaveLength(1);
  });
});

describe("setting up a second factor (CAT-66)", () => {
  const begin = async (api: TestApi, { auth }: TestUser, body?: object) =>
    await api.ask("POST", "/api/me/totp", { auth, ...(body && { body }) });

  test("is for who logged in of late, or gives the password; a found session alone does not do it", async () => {
    await using api = await kit.open();
    const zoe = await api.user("zoe", "viewer");
    api.access.clock.at += 11 * 60_000;
    for (const body of [undefined, {}])
      expect(await begin(api, zoe, body)).toMatchObject({ status: 401, json: { code: "PASSWORD_NEEDED" } });
    const guessed = await begin(api, zoe, { password: "wrong wrong wrong" });
    expect(guessed).toMatchObject({ status: 401, json: { code: "LOGIN_REFUSED" } });
    const nothing = await api.ask("POST", "/api/me/totp/confirm", { auth: zoe.auth, body: { code: "123456" } });
    expect(nothing.json.code).toBe("FACTOR_OFF");
    const begun = await begin(api, zoe, { password: goodPassword });
    expect(begun).toMatchObject({ status: 200, json: { secret: expect.any(String) as string } });
    const code = totpCode(unbase32(begun.json["secret"] as string), api.access.clock.now());
    const confirmed = await api.ask("POST", "/api/me/totp/confirm", { auth: zoe.auth, body: { code } });
    expect(confirmed.json["recoveryCodes"]).toHaveLength(10);
  });

  test("guesses of the password there are counted like those of a login", async () => {
    await using api = await kit.open();
    const zoe = await api.user("zoe", "viewer");
    for (let n = 0; n < 30; n++) await begin(api, zoe, { password: `guess ${n} of many` });
    expect((await begin(api, zoe, { password: goodPassword })).json.code).toBe("LOGIN_DELAYED");
  });

  test("a found session gets no further where the role must have a factor", async () => {
    await using api = await kit.open({ factorPolicy: { admin: "required" } });
    const root = await api.user("root", "admin");
    api.access.clock.at += 11 * 60_000;
    expect((await begin(api, root)).json.code).toBe("PASSWORD_NEEDED");
    const again = await login(api, { user: "root", password: goodPassword });
    expect(again.json).toMatchObject({ mustEnrol: true });
    const auth = { authorization: `Bearer ${again.json.token}` };
    expect((await api.ask("POST", "/api/me/totp", { auth })).status).toBe(200);
  });
});

describe("a session", () => {
  test("of a browser is in a cookie that no script reads, and its token in no answer", async () => {
    await using api = await kit.open();
    await api.user("zoe", "viewer");
    const origin = { origin: api.url };
    const { json, headers } = await login(api, { user: "zoe", password: goodPassword, browser: true }, origin);
    expect(json.token).toBeUndefined();
    const [cookie = ""] = headers["set-cookie"] ?? [];
    expect(cookie).toMatch(
      /^farhand_session=fhs_[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
    const [pair = ""] = cookie.split(";");
    expect((await api.ask("GET", "/api/me", { headers: { cookie: pair } })).json).toMatchObject({
      user: { name: "zoe" },
    });
    const out = await api.ask("POST", "/api/logout", { headers: { cookie: pair, ...origin, "x-farhand": "1" } });
    expect(out.headers["set-cookie"]?.[0]).toMatch(/^farhand_session=; .*Max-Age=0/);
    expect((await api.ask("GET", "/api/me", { headers: { cookie: pair } })).status).toBe(401);
  });

  test("that somebody brought along is never made valid (CAT-65, fixation)", async () => {
    await using api = await kit.open();
    await api.user("zoe", "viewer");
    const brought = `fhs_${"A".repeat(43)}`;
    const headers = { cookie: `farhand_session=${brought}`, origin: api.url, "x-farhand": "1" };
    const { json } = await login(api, { user: "zoe", password: goodPassword }, headers);
    expect(json.token).not.toBe(brought);
    expect((await api.ask("GET", "/api/me", { auth: { authorization: `Bearer ${brought}` } })).status).toBe(401);
  });

  test("ends by itself, and is listed and ended by its user (CAT-65)", async () => {
    await using api = await kit.open();
    const here = await api.user("zoe", "viewer");
    const there = (await login(api, { user: "zoe", password: goodPassword })).json.token;
    const list = await api.ask("GET", "/api/me/sessions", here);
    expect(list.json.items).toHaveLength(2);
    expect(list.json.items.filter(({ current }) => current)).toMatchObject([{ id: here.session, client: "test" }]);
    expect(list.text).not.toContain("fhs_");
    expect((await api.ask("DELETE", "/api/me/sessions", here)).json).toMatchObject({ ended: 1 });
    const other = { auth: { authorization: `Bearer ${there}` } };
    expect((await api.ask("GET", "/api/me", other)).status).toBe(401);
    api.access.clock.at += 31 * 60_000;
    expect((await api.ask("GET", "/api/me", here)).json.code).toBe("CREDENTIAL_INVALID");
  });
});

test("guessed a thousand times in parallel, few tries reach argon2, and others are answered meanwhile (CAT-27)", async () => {
  await using api = await kit.open({ limits: { perAddress: 100_000 } });
  const user = await api.user("zoe", "viewer");
  const before = api.access.passwords.computations;
  const rss = process.memoryUsage().rss;
  const guesses = Array.from(
    { length: 1_000 },
    async (_, n) => await login(api, { user: "zoe", password: `guess ${n}` }),
  );
  expect((await api.ask("GET", "/api/me", user)).status).toBe(200);
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  expect(new Set(statuses)).not.toContain(200);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(900);
  expect(api.access.passwords.computations - before).toBeLessThan(25);
  // Clients and server are in this process; what it costs is connections, not hashes.
  expect(process.memoryUsage().rss - rss).toBeLessThan(256 * 1024 * 1024);
});

test("a service account does not log in, and nobody gives it a password (CAT-65)", async () => {
  await using api = await kit.open();
  const root = await api.user("root", "admin");
  const made = await api.ask("POST", "/api/users", {
    auth: root.auth,
    body: { name: "robot", password: null, role: "viewer" },
  });
  expect(made).toMatchObject({ status: 201, json: { service: true } });
  expect((await login(api, { user: "robot", password: "anything at all" })).status).toBe(401);
  const path = `/api/users/${String(made.json["id"])}/password`;
  const reset = await api.ask("POST", path, { auth: root.auth, body: { password: goodPassword } });
  expect(reset).toMatchObject({ status: 400, json: { code: "USER_UNFIT" } });
});
