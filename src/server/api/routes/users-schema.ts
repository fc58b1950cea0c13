import { z } from "zod";
import { labels, pageOf, pageQuery, password, role } from "../field-schema.ts";
import { User } from "./login-schema.ts";

export const Users = pageOf(User);
export const UsersQuery = z.strictObject(pageQuery);
export const UserParams = z.object({ id: z.string().min(1).max(64) });
/** One of a user's tokens or sessions. */
export const UserPartParams = z.object({ ...UserParams.shape, part: z.string().min(1).max(64) });
export const UserWish = z.strictObject({
  name: z.string().min(1).max(64),
  password: password.nullable().describe("null: a service account"),
  role,
  labels: labels.nullable().default(null),
});
export const UserChange = z.strictObject({
  role: role.optional(),
  labels: labels.nullable().optional(),
  disabled: z.boolean().optional(),
});
export const NewPassword = z.strictObject({ password });
