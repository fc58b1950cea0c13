import { readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  ask,
  managedWorker,
  type ManagedWorker,
  post,
  rpc,
  type RpcReply,
  servicePassword,
  socketClient,
  streamClient,
} from "../../../test/kit/managed-worker.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { hashPassword } from "./argon2.ts";
import { passwordFile } from "./password-file.ts";
import { PasswordSessions } from "./password-sessions.ts";
import { passwordCost, ServicePassword } from "./service-password.ts";

type Legacy = ManagedWorker["settings"]["rules"]["legacyPassword"];
const legacy = (changed: Partial<Legacy>) => ({
  legacyPassword: { remote: true, level: "monitor", acceptHashLocally: false, ...changed } as Legacy,
});
const hashOf = (worker: ManagedWorker) => readFileSync(worker.node.folder.file("state/password"), "utf8").trim();

async function withPassword(rules: Partial<ManagedWorker["settings"]["rules"]> = {}, api: "http" | "https" = "https") {
  const worker = await managedWorker({ api, rules: { ...legacy({}), ...rules } });
  using local = await socketClient(worker.socket);
  await local.call("password.set", { password: servicePassword });
  return worker;
}

const login = (worker: ManagedWorker, password: string) => post(worker, "password.login", { password });
const tokenOf = ({ reply }: Awaited<ReturnType<typeof login>>) => (reply.result as { token: string }).token;
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

describe("CAT-24: the service password", () => {
  test("is stored as argon2id, readable by the service alone", async () => {
    await using worker = await withPassword();
    expect(hashOf(worker)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(statSync(worker.node.folder.file("state/password")).mode & 0o777).toBe(0o600);
  });

  test.each([
    ["short", "elevenchars"],
    ["well-known", "Password1234!"],
    ["a stored hash", `$argon2id$${"x".repeat(20)}`],
    ["endless", "a b c d e".repeat(200)],
  ])("is not one that is %s; the message never holds it", async (_name, password) => {
    await using worker = await managedWorker();
    using local = await socketClient(worker.socket);
    const { error } = await local.call("password.set", { password });
    expect(error?.data.code).toBe("PASSWORD_UNFIT");
    expect(error?.message).not.toContain(password);
  });

  test("requirePasswordLocally leaves the socket monitor until one logs in", async () => {
    await using worker = await withPassword({ requirePasswordLocally: true });
    using local = await socketClient(worker.socket);
    expect(await local.call("worker.status")).toHaveProperty("result.passwordSet", true);
    const { error } = await local.call("worker.stop");
    expect(error?.message).toMatch(/CAT-24.*log in with the service password/);
    expect(await local.call("password.login", { password: servicePassword })).toHaveProperty("result.level", "admin");
    expect(await local.call("password.clear")).toHaveProperty("result", { sessionsEnded: 1 });
    expect(await local.call("worker.stop")).toHaveProperty("result");
  });

  test("is kept over a restart, and hashed anew when hashes cost more", async () => {
    await using folder = await tempFolder();
    const file = folder.file("password");
    const cheap = { memoryCost: 256, timeCost: 1, parallelism: 1 };
    await passwordFile(file).write(await hashPassword(servicePassword, cheap));
    const password = new ServicePassword(passwordFile(file));
    expect(await password.isRight("certainly not it")).toBe(false);
    expect(readFileSync(file, "utf8")).toContain("m=256");
    expect(await password.isRight(servicePassword)).toBe(true);
    expect(readFileSync(file, "utf8")).toContain("m=19456,t=2");
    expect(await new ServicePassword(passwordFile(file)).isRight(servicePassword)).toBe(true);
  });
});

describe("a hash that stands in the configuration", () => {
  test("counts until another is set, and is cleared there", async () => {
    const configured: { hash?: string } = { hash: await hashPassword("a configured password", passwordCost) };
    await using worker = await managedWorker({ more: { configuredHash: () => configured.hash } });
    using local = await socketClient(worker.socket);
    const login = async (password: string) => (await local.call("password.login", { password })).error?.data.code;
    expect(await login("a configured password")).toBeUndefined();
    expect(await local.call("password.clear")).toHaveProperty("error.data.code", "PASSWORD_UNFIT");
    await local.call("password.set", { password: servicePassword });
    expect(await login("a configured password")).toBe("LOGIN_FAILED");
    expect(await login(servicePassword)).toBeUndefined();
    delete configured.hash;
    await local.call("password.clear");
    expect(await login(servicePassword)).toBe("LOGIN_REFUSED");
    configured.hash = "$argon2id$no hash at all";
    expect(await login(servicePassword)).toBe("LOGIN_FAILED");
  });
});

describe("CAT-25: login from elsewhere", () => {
  test.each(["none", "monitor", "operate", "configure"] as const)("gives exactly %s", async (level) => {
    await using worker = await withPassword(legacy({ level }));
    const answer = await login(worker, servicePassword);
    if (level === "none") return expect(answer.reply.error?.data.code).toBe("LOGIN_REFUSED");
    expect(answer.reply.result).toMatchObject({ level });
  });

  test("never admin", async () => {
    await using worker = await withPassword(legacy({ level: "admin" }));
    const answer = await login(worker, servicePassword);
    expect(answer.reply.result).toMatchObject({ level: "configure" });
    expect((await post(worker, "worker.stop", {}, bearer(tokenOf(answer)))).status).toBe(403);
  });

  test("is off by default, and needs TLS; the password is not looked at", async () => {
    await using off = await withPassword(legacy({ remote: false }));
    await using plain = await withPassword({}, "http");
    for (const worker of [off, plain]) {
      const { status, reply } = await login(worker, servicePassword);
      expect({ status, code: reply.error?.data.code }).toEqual({ status: 401, code: "LOGIN_REFUSED" });
      expect(reply.error?.message).toContain("CAT-25");
    }
  });

  test("ends when the settings switch it off", async () => {
    await using worker = await withPassword();
    const token = tokenOf(await login(worker, servicePassword));
    expect((await post(worker, "worker.status", {}, bearer(token))).status).toBe(200);
    worker.settings.rules = { ...worker.settings.rules, ...legacy({ remote: false }) };
    expect((await post(worker, "worker.status", {}, bearer(token))).status).toBe(401);
  });

  test("a wrong password is 401, and so is a token that is none", async () => {
    await using worker = await withPassword();
    expect((await login(worker, "certainly not it")).reply.error?.data).toEqual({ code: "LOGIN_FAILED", status: 401 });
    for (const text of ["fhw_x", "Basic x", hashOf(worker)])
      expect((await post(worker, "hello", {}, bearer(text))).status).toBe(401);
    expect((await ask(worker, { body: rpc("hello"), headers: { Authorization: "Basic YTpi" } })).status).toBe(401);
  });
});

describe("CAT-26: the stored hash", () => {
  test("counts on the socket, where the settings allow it", async () => {
    await using worker = await withPassword({ ...legacy({ acceptHashLocally: true }), requirePasswordLocally: true });
    using local = await socketClient(worker.socket);
    const wrong = hashOf(worker).replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    expect(await local.call("password.login", { password: wrong })).toHaveProperty("error.data.code", "LOGIN_FAILED");
    expect(await local.call("password.login", { password: hashOf(worker) })).toHaveProperty("result.level", "admin");
    worker.settings.rules = { ...worker.settings.rules, ...legacy({ acceptHashLocally: false }) };
    expect(await local.call("worker.stop")).toHaveProperty("error");
  });

  test("fails on HTTPS, on WebSocket and through the server, and is noted", async () => {
    await using worker = await managedWorker({
      api: "https",
      rules: legacy({ acceptHashLocally: true, level: "configure" }),
      more: { checkAssertion: () => ({ name: "ada", session: "s", max: "admin", roles: ["admin"] }) },
    });
    using local = await socketClient(worker.socket);
    await local.call("password.set", { password: servicePassword });
    const password = hashOf(worker);
    using stream = await streamClient(worker);
    const answers = [
      (await login(worker, password)).reply,
      await stream.call("password.login", { password }),
      (await post(worker, "password.login", { password }, { "X-Assertion": "x" })).reply,
    ];
    for (const { error } of answers) {
      expect(error?.data).toEqual({ code: "LOGIN_REFUSED", status: 401 });
      expect(error?.message).toContain("CAT-26");
    }
    const noted = worker.logged.filter(({ message }) => message === "login with the hash refused");
    expect(noted.map(({ fields }) => fields["carrier"])).toEqual(["https", "websocket", "forwarded"]);
    expect(JSON.stringify(worker.logged)).not.toContain(password);
  });
});

describe("CAT-27: guessing in parallel", () => {
  test("of 1000 tries fewer than 25 reach argon2, and the socket answers meanwhile", async () => {
    await using worker = await withPassword();
    using local = await socketClient(worker.socket);
    const streams = await Promise.all(Array.from({ length: 20 }, () => streamClient(worker)));
    const before = process.memoryUsage().rss;
    const guesses = Array.from({ length: 50 }, (_, id) => rpc("password.login", { password: "certainly not it" }, id));
    const crowd = Promise.all(streams.map((stream) => stream.say(JSON.stringify(guesses))));
    expect(await local.call("worker.status")).toHaveProperty("result");
    const codes = ((await crowd) as unknown as RpcReply[][]).flat().map(({ error }) => error?.data.code);
    const computed = codes.filter((code) => code === "LOGIN_FAILED").length;
    expect(computed).toBeGreaterThan(0);
    expect(computed).toBeLessThan(25);
    expect(codes.filter((code) => code === "LOGIN_DELAYED")).toHaveLength(1_000 - computed);
    expect(await local.call("password.login", { password: servicePassword })).toHaveProperty("result");
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
    for (const stream of streams) stream[Symbol.dispose]();
  });
});

describe("CAT-29: changing the password", () => {
  test("ends all password sessions and leaves those of the server", async () => {
    await using worker = await managedWorker({
      api: "https",
      rules: legacy({}),
      more: { checkAssertion: () => ({ name: "ada", session: "s", max: "admin", roles: ["admin"] }) },
    });
    using local = await socketClient(worker.socket);
    await local.call("password.set", { password: servicePassword });
    const tokens = [tokenOf(await login(worker, servicePassword)), tokenOf(await login(worker, servicePassword))];
    using stream = await streamClient(worker, bearer(tokens[0] ?? ""));
    expect(await local.call("password.set", { password: "another horse in it" })).toHaveProperty("result", {
      sessionsEnded: 2,
    });
    expect(await stream.closed).toBe(1008);
    for (const token of tokens) expect((await post(worker, "hello", {}, bearer(token))).status).toBe(401);
    for (const assertion of ["one", "two"])
      expect((await post(worker, "worker.status", {}, { "X-Assertion": assertion })).status).toBe(200);
    expect((await login(worker, servicePassword)).reply.error?.data.code).toBe("LOGIN_FAILED");
  });

  test("logging out ends one", async () => {
    await using worker = await withPassword();
    const [one, other] = [tokenOf(await login(worker, servicePassword)), tokenOf(await login(worker, servicePassword))];
    expect((await post(worker, "password.logout", {}, bearer(one))).status).toBe(200);
    expect((await post(worker, "worker.status", {}, bearer(one))).status).toBe(401);
    expect((await post(worker, "worker.status", {}, bearer(other))).status).toBe(200);
  });
});

describe("password sessions", () => {
  const minuteMs = 60_000;
  const opened = () => {
    const clock = { ms: 0, now: () => clock.ms, elapsed: () => clock.ms };
    return { clock, sessions: new PasswordSessions(clock) };
  };

  test("end after half an hour without a request, and after twelve hours altogether", () => {
    const { clock, sessions } = opened();
    const { token, session } = sessions.open("password");
    for (let n = 0; n < 24; n++) {
      clock.ms += 30 * minuteMs;
      expect(sessions.find(token)).toBe(session);
    }
    clock.ms += 1;
    expect(sessions.find(token)).toBeUndefined();
    const other = sessions.open("password");
    clock.ms += 30 * minuteMs + 1;
    expect(sessions.use(other.session)).toBe(false);
    expect(other.session.signal.aborted).toBe(true);
  });

  test("are a hundred at most: one more ends the one that was idle longest", () => {
    const { clock, sessions } = opened();
    const tokens = Array.from({ length: 100 }, () => {
      clock.ms++;
      return sessions.open("hash").token;
    });
    sessions.find(tokens[0] ?? "");
    sessions.open("password");
    expect(sessions.find(tokens[0] ?? "")).toBeDefined();
    expect(sessions.find(tokens[1] ?? "")).toBeUndefined();
    expect(sessions.endAll()).toBe(100);
  });
});
