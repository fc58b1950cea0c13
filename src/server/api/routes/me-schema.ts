import { z } from "zod";
import { count, level, pageOf, pageQuery, password, role, timeMs } from "../field-schema.ts";
import { User } from "./login-schema.ts";

export const Me = z.object({
  user: User,
  roles: z.array(role),
  kind: z.enum(["session", "token"]),
  factor: z.object({
    set: z.boolean(),
    shownAt: timeMs.nullable().describe("when it was shown last in this session"),
    recoveryCodesLeft: count,
  }),
  levels: z.object({ workers: level, configurations: level, users: level, audit: level }),
});

export const PasswordChange = z.strictObject({ current: password, password });
/** Nothing at all is enough within ten minutes of the login. */
export const Presence = z
  .strictObject({ password: password.optional().describe("needed when the login is older than 10 minutes") })
  .nullish();
export const TotpSecret = z.object({ secret: z.string(), uri: z.string() });
export const RecoveryCodes = z.object({ recoveryCodes: z.array(z.string()) });
export const Confirmed = RecoveryCodes.extend({ token: z.string().optional(), expiresAt: timeMs });

const session = z.object({
  id: z.string(),
  createdAt: timeMs,
  usedAt: timeMs,
  expiresAt: timeMs,
  factorAt: timeMs.nullable(),
  source: z.string(),
  client: z.string(),
  current: z.boolean(),
});
export const Sessions = pageOf(session);
export const Ended = z.object({ ended: count });
export const PageQuery = z.strictObject(pageQuery);
export const IdParams = z.object({ id: z.string().min(1).max(64) });

const apiToken = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  createdAt: timeMs,
  expiresAt: timeMs.nullable(),
  usedAt: timeMs.nullable(),
});
export const ApiTokens = pageOf(apiToken);
export const TokenWish = z.strictObject({
  name: z.string().min(1).max(100),
  scopes: z.array(z.string().max(64)).min(1).max(20).describe("AREA:LEVEL, such as workers:operate"),
  expiresAt: timeMs.nullable().default(null),
});
export const NewToken = z.object({ token: z.string().describe("shown this once"), apiToken });
