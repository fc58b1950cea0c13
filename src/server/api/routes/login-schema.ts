import { z } from "zod";
import { code, labels, password, role, timeMs } from "../field-schema.ts";

/** A user as everybody may see them who may see users at all. */
export const User = z.object({
  id: z.string(),
  name: z.string(),
  role,
  labels: labels.nullable().describe("a worker must have these for the role to count; null: all workers"),
  disabled: z.boolean(),
  createdAt: timeMs,
  service: z.boolean().describe("a service account: gets in with API tokens only"),
  factor: z.boolean().describe("has a second factor"),
});

const browser = z.boolean().optional().describe("put the token into a cookie, and not into the answer");

export const LoginBody = z.strictObject({
  user: z.string().min(1).max(256),
  password,
  code: code.optional().describe("when the client knows already that it is needed"),
  browser,
});
export const FactorBody = z.strictObject({ ticket: z.string().min(1).max(4_096), code, browser });
export const CodeBody = z.strictObject({ code });

/** A session; without its token where that is in the cookie. */
export const SessionToken = z.object({
  token: z.string().optional(),
  expiresAt: timeMs,
  user: User.optional(),
  mustEnrol: z.boolean().optional().describe("nothing works until a second factor is set up"),
});
export const LoginAnswer = z.union([z.object({ ticket: z.string(), factor: z.literal("totp") }), SessionToken]);
