import type { Log } from "#core";
import {
  type Caller,
  passwordClear,
  passwordLogin,
  type PasswordLogin,
  passwordLogout,
  type PasswordSession,
  passwordSet,
  type ServedMethod,
  serve,
} from "#fleet";
import { WorkerError } from "../errors.ts";
import { type Access, refusalText } from "./access.ts";
import type { Guesses } from "./guesses.ts";
import type { PasswordSessions } from "./password-sessions.ts";
import type { ServicePassword } from "./service-password.ts";
import { type Visitor, visitorOf } from "./visitor.ts";

/** What logins need. */
export interface PasswordParts {
  readonly access: Access;
  readonly password: ServicePassword;
  readonly sessions: PasswordSessions;
  readonly guesses: Guesses;
  readonly log: Log;
}

/** `password.set`, `password.clear`, `password.login`, `password.logout` (CAT-24 to CAT-29). */
export function passwordMethods(parts: PasswordParts): ServedMethod[] {
  const { password, sessions } = parts;
  return [
    serve(passwordSet, async ({ password: wanted }, { signal }) => {
      await password.set(wanted, signal);
      return { sessionsEnded: sessions.endAll() };
    }),
    serve(passwordClear, async () => {
      await password.clear();
      return { sessionsEnded: sessions.endAll() };
    }),
    serve(passwordLogin, (params, { caller, signal }) => login(parts, params, caller, signal)),
    serve(passwordLogout, (_params, { caller }) => {
      const session = visitorOf(caller)?.session;
      if (session) sessions.end(session);
      return {};
    }),
  ];
}

async function login(
  { access, password, sessions, guesses, log }: PasswordParts,
  { password: given }: PasswordLogin,
  caller: Caller,
  signal: AbortSignal,
): Promise<PasswordSession> {
  const visitor = visitorOf(caller);
  const kind = given.startsWith("$argon2") ? "hash" : "password";
  const verdict = access.verdict(visitor?.carrier ?? "forwarded", { kind });
  if (!visitor || verdict.level === "none") {
    log.warn(`login with the ${kind} refused`, { rule: verdict.rule, ...whence(caller, visitor) });
    throw new WorkerError("LOGIN_REFUSED", refusalText(`logging in with the ${kind}`, verdict));
  }
  using guess = guesses.begin(visitor.source);
  const isRight = kind === "hash" ? password.isStoredText(given) : await password.isRight(given, signal);
  if (!isRight) {
    const locks = guess.failed();
    log.warn(`login with a wrong ${kind}${locks ? "; switched off for a while" : ""}`, whence(caller, visitor));
    throw new WorkerError("LOGIN_FAILED", `the service password is wrong`);
  }
  const { token, session } = sessions.open(kind);
  visitor.enter(session, token);
  log.info(`logged in with the ${kind}`, { session: session.id, ...whence(caller, visitor) });
  return { token, level: verdict.level, expiresAtMs: session.expiresAtMs };
}

function whence({ carrier }: Caller, visitor: Visitor | undefined) {
  return { carrier, source: visitor?.source ?? "server" };
}
