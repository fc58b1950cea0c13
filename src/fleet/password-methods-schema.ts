/**
 * The service password of one worker: set, clear, log in with it (spec CAT-24 to CAT-29). Deprecated where there is a
 * server: users log in there.
 */
import { z } from "zod";
import { levels } from "./levels.ts";
import type { Method } from "./method.ts";

const nothing = z.strictObject({});
type Nothing = Record<string, never>;
/** Bounded by the message; what is too long for a password is told so in words. */
const secret = z.string().min(1).max(10_000);

/** How many password sessions the change has ended (CAT-29). */
const SessionsEnded = z.strictObject({ sessionsEnded: z.number().int().min(0) });
export type SessionsEnded = z.infer<typeof SessionsEnded>;

const NewPassword = z.strictObject({ password: secret });
export type NewPassword = z.infer<typeof NewPassword>;

export const passwordSet: Method<NewPassword, SessionsEnded> = {
  name: "password.set",
  params: NewPassword,
  result: SessionsEnded,
  level: "admin",
  changes: true,
};

export const passwordClear: Method<Nothing, SessionsEnded> = {
  name: "password.clear",
  params: nothing,
  result: SessionsEnded,
  level: "admin",
  changes: true,
};

const PasswordLogin = z.strictObject({ password: secret.describe("or, on the Unix socket, the stored hash (CAT-26)") });
export type PasswordLogin = z.infer<typeof PasswordLogin>;

/** A session; a connection that lasts is in it from now on, others show the token with each request. */
const PasswordSession = z.strictObject({
  token: z.string(),
  level: z.enum(levels),
  expiresAtMs: z.number().int().describe("at the latest; milliseconds since 1970"),
});
export type PasswordSession = z.infer<typeof PasswordSession>;

export const passwordLogin: Method<PasswordLogin, PasswordSession> = {
  name: "password.login",
  params: PasswordLogin,
  result: PasswordSession,
  // Whether somebody may log in from there at all is the first thing the handler asks.
  level: "none",
  changes: true,
};

export const passwordLogout: Method<Nothing, Nothing> = {
  name: "password.logout",
  params: nothing,
  result: nothing,
  level: "none",
  changes: true,
};
