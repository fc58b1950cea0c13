import { includesLevel, type Level, lowerLevel, type Registration } from "#fleet";

/**
 * How a request came. Only on the Unix sockets has the operating system said who may: a TCP connection from 127.0.0.1 is
 * as remote as any, for behind a proxy or a published port the whole world comes from there (CAT-22).
 */
export type Carrier = "socket" | "monitor-socket" | "helper-socket" | "http" | "https" | "forwarded";

/** What somebody shows. That it is genuine is for others to check. */
export type Credential =
  | { readonly kind: "none" }
  | { readonly kind: "password" }
  /** The stored hash itself, by whoever may read the file it stands in (CAT-26). */
  | { readonly kind: "hash" }
  /** A helper's token: good for its tasks, which ask for no level (CAT-86). */
  | { readonly kind: "helper" }
  /** The server's word for a user: most that the server lets them do, and their roles (CAT-57). */
  | { readonly kind: "assertion"; readonly max: Level; readonly roles: readonly string[]; readonly factor?: boolean };

/** What may be done from elsewhere (CAT-95). */
export type RemoteFeature = "remote.monitor" | "remote.operate" | "remote.configure";

/** What the operator has allowed for this worker (CAT-96, CAT-97). */
export interface Entitlement {
  readonly features: readonly RemoteFeature[];
  /** The server has no other worker: a lone container needs nothing more. */
  readonly isOnlyWorker: boolean;
}

/** What the worker's settings and state say about access. */
export interface AccessRules {
  readonly mode: Registration["mode"];
  readonly passwordSet: boolean;
  /** There is a server whose users can come through it. */
  readonly isRegistered: boolean;
  readonly requirePasswordLocally: boolean;
  /** From elsewhere nothing above `operate` is given without a code that the worker checks itself (CAT-70). */
  readonly hardened?: boolean;
  readonly legacyPassword: {
    readonly remote: boolean;
    readonly level: Level;
    readonly acceptHashLocally: boolean;
  };
  /** Level by role of the server; `*` stands for every role that is not named. Empty: nobody (CAT-57). */
  readonly roles: Readonly<Record<string, Level>>;
}

/** What is decided, why, and what can be done about it (CAT-111). */
export interface Verdict {
  readonly level: Level;
  /** Requirement that decided, as `CAT-25`. */
  readonly rule: string;
  readonly reason: string;
  /** Who can change it, and how; empty when nothing was withheld. */
  readonly remedy: string;
}

/** The only place that decides who may do how much on this worker (CAT-28). Pure; the credential counts as genuine. */
export function mayConnect(
  carrier: Carrier,
  credential: Credential,
  entitlement: Entitlement,
  rules: AccessRules,
): Verdict {
  if (carrier === "helper-socket" || credential.kind === "helper")
    return refused("CAT-86", "a helper may do nothing but its tasks", "come by the worker's socket, or its server");
  if (carrier === "socket") return onSocket(credential, rules);
  if (carrier === "monitor-socket") return onMonitorSocket(credential);
  switch (credential.kind) {
    case "none":
      return strangerFrom(carrier, rules);
    case "hash":
      return refused("CAT-26", "the stored hash counts on the Unix socket only", "use the password, or come locally");
    case "password":
      return unlessHardened(withPassword(carrier, entitlement, rules), false, rules);
    case "assertion":
      return unlessHardened(throughServer(credential, entitlement, rules), credential.factor ?? false, rules);
  }
}

/** The level that the roles of a user have on this worker (CAT-57). */
export function levelOfRoles(roles: readonly string[], map: AccessRules["roles"]): Level {
  const levels = roles.map((role) => (Object.hasOwn(map, role) ? map[role] : map["*"]) ?? "none");
  return levels.reduce<Level>((most, level) => (includesLevel(level, most) ? level : most), "none");
}

function onSocket({ kind }: Credential, { passwordSet, requirePasswordLocally, legacyPassword }: AccessRules): Verdict {
  if (kind === "assertion") return refused("CAT-22", "the server does not come by the Unix socket", "");
  if (kind === "none") {
    if (!requirePasswordLocally || !passwordSet) return granted("admin", "CAT-23", "it came on the Unix socket");
    const remedy = "log in with the service password";
    return {
      ...granted("monitor", "CAT-24", "the Unix socket alone lets you look on: legacyPassword.requireLocally"),
      remedy,
    };
  }
  if (!passwordSet) return refused("CAT-21", "no service password is set", "set one: `password.set` by an admin");
  if (kind === "password") return granted("admin", "CAT-24", "it came on the Unix socket with the password");
  if (!legacyPassword.acceptHashLocally)
    return refused("CAT-26", "the stored hash does not count", "the owner can set legacyPassword.acceptHashLocally");
  return granted("admin", "CAT-26", "it came on the Unix socket with the stored hash");
}

function onMonitorSocket({ kind }: Credential): Verdict {
  if (kind === "none")
    return { ...granted("monitor", "CAT-23", "it came on the socket for looking on"), remedy: "use the other socket" };
  return refused("CAT-23", "nobody logs in on the socket for looking on", "use the other socket");
}

function strangerFrom(carrier: Carrier, { passwordSet, isRegistered }: AccessRules): Verdict {
  if (carrier === "forwarded")
    return refused("CAT-62", "the server's assertion is missing", "the server sends one with every request");
  if (!passwordSet && !isRegistered)
    return refused("CAT-21", "without password and server only the Unix socket is open", "come by it, or register");
  return refused("CAT-22", "a connection by TCP is remote, from 127.0.0.1 too", "come through the server, or log in");
}

function withPassword(carrier: Carrier, entitlement: Entitlement, rules: AccessRules): Verdict {
  const { passwordSet, legacyPassword } = rules;
  if (carrier === "forwarded") return refused("CAT-44", "passwords are not taken through the server", "log in there");
  if (carrier === "http") return refused("CAT-25", "a password is taken over TLS only", "use https");
  if (!passwordSet) return refused("CAT-21", "no service password is set", "come by the Unix socket");
  if (!legacyPassword.remote)
    return refused("CAT-25", "remote login by password is off", "an admin can set legacyPassword.remote");
  // Never admin, whatever the settings say.
  const level = lowerLevel(legacyPassword.level, "configure");
  const verdict = granted(level, "CAT-25", `logging in by password gives ${level} from elsewhere (deprecated)`);
  const remedy = "come through the server, or by the Unix socket; an admin can set legacyPassword.level";
  return limited({ ...verdict, remedy }, entitlement, rules);
}

function throughServer(
  { max, roles }: Extract<Credential, { kind: "assertion" }>,
  entitlement: Entitlement,
  rules: AccessRules,
): Verdict {
  const own = levelOfRoles(roles, rules.roles);
  const level = lowerLevel(max, own);
  if (level === "none")
    return max === "none"
      ? refused("CAT-57", "the server gives no access to this worker", "an admin of the server can")
      : refused("CAT-57", "this worker gives nothing to these roles", "its owner can: remoteAccess.roles");
  const verdict = granted(level, "CAT-57", `the server lets you ${max}, this worker ${own}`);
  return limited(level === "admin" ? verdict : { ...verdict, remedy: remedyOf(max, own) }, entitlement, rules);
}

function remedyOf(max: Level, own: Level): string {
  return includesLevel(own, max) ? "an admin of the server can give more" : "its owner can: remoteAccess.roles";
}

/** A hardened worker is configured from elsewhere only with a code of its own (CAT-70). */
function unlessHardened(verdict: Verdict, isShown: boolean, { hardened }: AccessRules): Verdict {
  if (!hardened || isShown || includesLevel("operate", verdict.level)) return verdict;
  const reason = "this worker is hardened: configuring it from elsewhere needs a code of its own";
  return {
    level: "operate",
    rule: "CAT-70",
    reason,
    remedy: "show one; who sits at its machine can change it: harden",
  };
}

/** What may be done from elsewhere at most (CAT-97). */
function limited(verdict: Verdict, { features, isOnlyWorker }: Entitlement, { mode }: AccessRules): Verdict {
  const isLone = mode === "cloud" && isOnlyWorker;
  const has = (feature: RemoteFeature): boolean =>
    features.includes(feature) || (isLone && feature !== "remote.monitor");
  const most = !has("remote.monitor")
    ? "none"
    : !has("remote.operate")
      ? "monitor"
      : has("remote.configure")
        ? "admin"
        : "operate";
  if (includesLevel(most, verdict.level)) return verdict;
  const reason = `the entitlement allows ${most} from elsewhere`;
  return { level: most, rule: "CAT-97", reason, remedy: "the operator can change it: policy.yaml" };
}

const granted = (level: Level, rule: string, reason: string): Verdict => ({ level, rule, reason, remedy: "" });
const refused = (rule: string, reason: string, remedy: string): Verdict => ({ level: "none", rule, reason, remedy });
