import { describe, expect, test } from "vitest";
import { includesLevel, type Level, levels } from "#fleet";
import {
  type AccessRules,
  type Carrier,
  type Credential,
  type Entitlement,
  levelOfRoles,
  mayConnect,
  type RemoteFeature,
} from "./may-connect.ts";

const rules: AccessRules = {
  ...{ mode: "session", passwordSet: true, isRegistered: true, requirePasswordLocally: false },
  legacyPassword: { remote: true, level: "operate", acceptHashLocally: true },
  roles: { admin: "admin", "*": "monitor" },
};
const legacy = (changed: Partial<AccessRules["legacyPassword"]>) => ({
  legacyPassword: { ...rules.legacyPassword, ...changed },
});
const features: RemoteFeature[] = ["remote.monitor", "remote.operate", "remote.configure"];
const open: Entitlement = { features, isOnlyWorker: false };
const none: Credential = { kind: "none" };
const password: Credential = { kind: "password" };
const hash: Credential = { kind: "hash" };
const asserted = (max: Level, ...roles: string[]): Credential => ({ kind: "assertion", max, roles });
const withCode: Credential = { kind: "assertion", max: "admin", roles: ["admin"], factor: true };
const only = (...held: RemoteFeature[]): Entitlement => ({ features: held, isOnlyWorker: false });
const alone = (...held: RemoteFeature[]): Entitlement => ({ features: held, isOnlyWorker: true });

type Row = readonly [says: string, Carrier, Credential, Partial<AccessRules>, Entitlement, Level, rule: string];

/** A row for each sentence of CAT §3 and §9 that decides something. */
const table: readonly Row[] = [
  ["no password: the socket is open", "socket", none, { passwordSet: false }, open, "admin", "CAT-23"],
  [
    "no password, no server: HTTPS is not",
    "https",
    none,
    { passwordSet: false, isRegistered: false },
    open,
    "none",
    "CAT-21",
  ],
  ["no password: none can be right", "https", password, { passwordSet: false }, open, "none", "CAT-21"],
  ["no password: none can be right locally", "socket", password, { passwordSet: false }, open, "none", "CAT-21"],
  ["no password: no hash can be right", "socket", hash, { passwordSet: false }, open, "none", "CAT-21"],
  ["TCP from loopback is remote", "http", none, {}, open, "none", "CAT-22"],
  ["a stranger over TLS is one too", "https", none, {}, open, "none", "CAT-22"],
  ["who opens the socket is admin in session mode", "socket", none, {}, open, "admin", "CAT-23"],
  ["and in system mode", "socket", none, { mode: "system" }, open, "admin", "CAT-23"],
  ["the second socket is for looking on", "monitor-socket", none, {}, open, "monitor", "CAT-23"],
  ["and for nothing else", "monitor-socket", password, {}, open, "none", "CAT-23"],
  ["also by the hash", "monitor-socket", hash, {}, open, "none", "CAT-23"],
  [
    "requirePasswordLocally leaves monitor",
    "socket",
    none,
    { requirePasswordLocally: true },
    open,
    "monitor",
    "CAT-24",
  ],
  [
    "not before a password is set",
    "socket",
    none,
    { requirePasswordLocally: true, passwordSet: false },
    open,
    "admin",
    "CAT-23",
  ],
  ["the password opens the rest", "socket", password, { requirePasswordLocally: true }, open, "admin", "CAT-24"],
  ["so does the hash", "socket", hash, { requirePasswordLocally: true }, open, "admin", "CAT-26"],
  ["if it may", "socket", hash, legacy({ acceptHashLocally: false }), open, "none", "CAT-26"],
  ["remote login is off by default", "https", password, legacy({ remote: false }), open, "none", "CAT-25"],
  ["it is over TLS only", "http", password, {}, open, "none", "CAT-25"],
  ["it grants exactly its level", "https", password, {}, open, "operate", "CAT-25"],
  ["also when that is little", "https", password, legacy({ level: "none" }), open, "none", "CAT-25"],
  ["never admin", "https", password, legacy({ level: "admin" }), open, "configure", "CAT-25"],
  ["it passes the entitlement gate", "https", password, {}, only("remote.monitor"), "monitor", "CAT-97"],
  ["which may be shut", "https", password, {}, only(), "none", "CAT-97"],
  ["the hash is worth nothing on HTTPS", "https", hash, {}, open, "none", "CAT-26"],
  ["nor on HTTP", "http", hash, {}, open, "none", "CAT-26"],
  ["nor through the server", "forwarded", hash, {}, open, "none", "CAT-26"],
  ["no password goes through the server", "forwarded", password, {}, open, "none", "CAT-44"],
  ["forwarded without an assertion is nobody", "forwarded", none, {}, open, "none", "CAT-62"],
  ["server admin, worker admin", "forwarded", asserted("admin", "admin"), {}, open, "admin", "CAT-57"],
  ["server admin, worker monitor", "forwarded", asserted("admin", "viewer"), {}, open, "monitor", "CAT-57"],
  ["server monitor, worker admin", "forwarded", asserted("monitor", "admin"), {}, open, "monitor", "CAT-57"],
  ["an empty map means nobody", "forwarded", asserted("admin", "admin"), { roles: {} }, open, "none", "CAT-57"],
  [
    "unknown roles count nothing",
    "forwarded",
    asserted("admin", "x"),
    { roles: { admin: "admin" } },
    open,
    "none",
    "CAT-57",
  ],
  ["no role, no access", "forwarded", asserted("admin"), {}, open, "none", "CAT-57"],
  ["the server's none is none", "forwarded", asserted("none", "admin"), {}, open, "none", "CAT-57"],
  ["directly over HTTPS as well", "https", asserted("admin", "admin"), {}, open, "admin", "CAT-57"],
  ["an assertion does not come by the socket", "socket", asserted("admin", "admin"), {}, open, "none", "CAT-22"],
  ["entitled to look on", "forwarded", asserted("admin", "admin"), {}, only("remote.monitor"), "monitor", "CAT-97"],
  [
    "entitled to operate",
    "forwarded",
    asserted("admin", "admin"),
    {},
    only("remote.monitor", "remote.operate"),
    "operate",
    "CAT-97",
  ],
  ["to nothing", "forwarded", asserted("admin", "admin"), {}, only("remote.configure"), "none", "CAT-97"],
  [
    "a lone container",
    "forwarded",
    asserted("admin", "admin"),
    { mode: "cloud" },
    alone("remote.monitor"),
    "admin",
    "CAT-57",
  ],
  [
    "a container of several",
    "forwarded",
    asserted("admin", "admin"),
    { mode: "cloud" },
    only("remote.monitor"),
    "monitor",
    "CAT-97",
  ],
  [
    "a lone worker in no container",
    "forwarded",
    asserted("admin", "admin"),
    {},
    alone("remote.monitor"),
    "monitor",
    "CAT-97",
  ],
  ["an entitlement never stops local management", "socket", none, {}, only(), "admin", "CAT-23"],
];

test.each(table)("CAT-28: %s", (_says, carrier, credential, changed, entitlement, level, rule) => {
  const verdict = mayConnect(carrier, credential, entitlement, { ...rules, ...changed });
  expect(verdict).toMatchObject({ level, rule });
});

describe("of all combinations", () => {
  const carriers: Carrier[] = ["socket", "monitor-socket", "http", "https", "forwarded"];
  const credentials = [none, password, hash, ...levels.map((max) => asserted(max, "admin"))];
  const bools = [true, false];
  const all = carriers.flatMap((carrier) =>
    credentials.flatMap((credential) =>
      bools.flatMap((passwordSet) =>
        bools.flatMap((remote) =>
          levels.flatMap((level) =>
            [open, only(), alone("remote.monitor")].flatMap((entitlement) =>
              (["session", "system", "cloud"] as const).map((mode) => {
                const changed = { ...rules, mode, passwordSet, ...legacy({ remote, level }) };
                const verdict = mayConnect(carrier, credential, entitlement, changed);
                return { carrier, credential, passwordSet, remote, verdict };
              }),
            ),
          ),
        ),
      ),
    ),
  );

  test("each refusal names its rule, a reason, and what can be done", () => {
    for (const { carrier, credential, verdict } of all) {
      expect(verdict.rule).toMatch(/^CAT-\d+$/);
      expect(verdict.reason).not.toBe("");
      const isHopeless = carrier === "socket" && credential.kind === "assertion";
      if (verdict.level === "none" && verdict.rule !== "CAT-25" && !isHopeless) expect(verdict.remedy).not.toBe("");
    }
  });

  test("none gives a stranger on TCP anything", () => {
    const strangers = all.filter((one) => one.credential.kind === "none" && !one.carrier.endsWith("socket"));
    expect(new Set(strangers.map(({ verdict }) => verdict.level))).toEqual(new Set(["none"]));
  });

  test("none gives a password admin from elsewhere, or more than monitor where remote login is off", () => {
    for (const { carrier, credential, remote, verdict } of all) {
      if (credential.kind !== "password" || carrier.endsWith("socket")) continue;
      expect(includesLevel(remote ? "configure" : "none", verdict.level)).toBe(true);
    }
  });

  test("none gives more than the server lets", () => {
    const more = all.filter(
      ({ credential, verdict }) => credential.kind === "assertion" && !includesLevel(credential.max, verdict.level),
    );
    expect(more).toEqual([]);
  });
});

test.each<readonly [string, Credential, Level, string]>([
  ["an admin of the server operates", asserted("admin", "admin"), "operate", "CAT-70"],
  ["with the worker's own code the server's word counts", { ...withCode }, "admin", "CAT-57"],
  ["who may only look on looks on", asserted("monitor", "admin"), "monitor", "CAT-57"],
  ["the service password gives no more either", password, "operate", "CAT-70"],
])("a hardened worker from elsewhere: %s (CAT-70)", (_says, credential, level, rule) => {
  const hard = { ...rules, hardened: true, ...legacy({ level: "configure" }) };
  expect(mayConnect("https", credential, open, hard)).toMatchObject({ level, rule });
  expect(mayConnect("socket", none, open, hard)).toMatchObject({ level: "admin" });
});

test("levelOfRoles() takes the highest, and nothing that only every object has", () => {
  expect(levelOfRoles(["viewer", "operator"], { viewer: "monitor", operator: "operate" })).toBe("operate");
  expect(levelOfRoles(["constructor", "__proto__"], { admin: "admin" })).toBe("none");
  expect(levelOfRoles(["constructor"], { "*": "monitor" })).toBe("monitor");
});
