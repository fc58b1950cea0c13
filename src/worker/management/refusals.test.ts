import { describe, expect, test } from "vitest";
import { ask, managedWorker, post, rpc, servicePassword, socketClient } from "../../../test/kit/managed-worker.ts";
import type { AssertedUser } from "./mod.ts";

const remote = { legacyPassword: { remote: true, level: "monitor", acceptHashLocally: false } } as const;
const asserted = (text: string): AssertedUser => {
  const [max = "none", role = ""] = text.split("/");
  return { name: "ada", session: "s", max: max as AssertedUser["max"], roles: [role] };
};

describe("CAT-111: every refusal says what was refused, by which rule, and who can change it", () => {
  const open = async (rules: object = {}, api: "http" | "https" = "https") => {
    const worker = await managedWorker({ api, rules, more: { checkAssertion: asserted } });
    using local = await socketClient(worker.socket);
    await local.call("password.set", { password: servicePassword });
    return worker;
  };
  type Refusing = (worker: Awaited<ReturnType<typeof open>>) => Promise<string>;
  const messageOf = (reply: { error?: { message: string } }): string => reply.error?.message ?? "";
  const forwarded =
    (assertion: string, method = "worker.stop"): Refusing =>
    async (worker) =>
      messageOf((await post(worker, method, {}, { "X-Assertion": assertion })).reply);

  const cases: readonly (readonly [string, Refusing, what: RegExp, rule: string, remedy: RegExp])[] = [
    [
      "a stranger",
      async (w) => messageOf((await post(w, "worker.status")).reply),
      /worker\.status/,
      "CAT-22",
      /server, or log in/,
    ],
    [
      "remote login that is off",
      async (w) => {
        w.settings.rules = { ...w.settings.rules, legacyPassword: { ...remote.legacyPassword, remote: false } };
        return messageOf((await post(w, "password.login", { password: servicePassword })).reply);
      },
      /logging in with the password/,
      "CAT-25",
      /an admin can set legacyPassword\.remote/,
    ],
    [
      "the hash from elsewhere",
      async (w) => messageOf((await post(w, "password.login", { password: "$argon2id$x" })).reply),
      /logging in with the hash/,
      "CAT-26",
      /use the password/,
    ],
    [
      "more than the password's level",
      async (w) => {
        const { reply } = await post(w, "password.login", { password: servicePassword });
        const headers = { Authorization: `Bearer ${(reply.result as { token: string }).token}` };
        return messageOf((await post(w, "worker.stop", {}, headers)).reply);
      },
      /worker\.stop/,
      "CAT-25",
      /legacyPassword\.level/,
    ],
    [
      "the socket alone",
      async (w) => {
        w.settings.rules = { ...w.settings.rules, requirePasswordLocally: true };
        using local = await socketClient(w.socket);
        return messageOf(await local.call("worker.stop"));
      },
      /worker\.stop/,
      "CAT-24",
      /log in with the service password/,
    ],
    ["a role this worker gives little", forwarded("admin/viewer"), /worker\.stop/, "CAT-57", /its owner can/],
    ["a user the server gives little", forwarded("operate/admin"), /worker\.stop/, "CAT-57", /an admin of the server/],
    [
      "a user the server gives nothing",
      forwarded("none/admin", "worker.status"),
      /worker\.status/,
      "CAT-57",
      /an admin of the server/,
    ],
    [
      "an entitlement",
      async (w) => {
        w.settings.entitlement = { features: ["remote.monitor"], isOnlyWorker: false };
        return await forwarded("admin/admin")(w);
      },
      /worker\.stop/,
      "CAT-97",
      /policy\.yaml/,
    ],
    [
      "a page of others",
      async (w) => {
        const { json } = await ask(w, { body: rpc("worker.status"), headers: { Origin: "https://evil.test" } });
        return (json as { detail: string }).detail;
      },
      /evil\.test/,
      "CAT-19",
      /owner can add it: api\.origins/,
    ],
    [
      "guessing",
      async (w) => {
        for (let n = 0; n < 5; n++) await post(w, "password.login", { password: "certainly not it" });
        return messageOf((await post(w, "password.login", { password: servicePassword })).reply);
      },
      /too many failed logins/,
      "CAT-27",
      /try again in/,
    ],
  ];

  test.each(cases)("%s", async (_name, refusing, what, rule, remedy) => {
    await using worker = await open(remote);
    const message = await refusing(worker);
    expect(message).toMatch(what);
    expect(message).toContain(rule);
    expect(message).toMatch(remedy);
  });

  test("a password without TLS", async () => {
    await using worker = await open(remote, "http");
    const { reply } = await post(worker, "password.login", { password: servicePassword });
    expect(messageOf(reply)).toMatch(/logging in with the password was refused \(CAT-25\): .*TLS only; use https/);
  });
});
