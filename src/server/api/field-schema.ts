/** Fields that several routes have. */
import { z } from "zod";
import { levels } from "#fleet";
import { roles } from "../auth/roles.ts";

export const timeMs = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).describe("milliseconds since 1970");
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
export const labels = z.record(z.string().max(63), z.string().max(255));
export const level = z.enum(levels);
export const role = z.enum(roles);
/** An id of ours, or a name: never a path. */
export const word = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}\p{M}.@:+_-]{0,254}$/u);
/** Everybody types passwords differently; only their length is looked at here. */
export const password = z.string().min(1).max(1_024);
export const code = z.string().min(1).max(64).describe("of the device, or a recovery code");

/** JSON of any shape, its depth already bounded. */
export const json = z.unknown();
export const jsonObject = z.record(z.string(), z.unknown());

const whole = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** A number in a query. */
export const queryCount = whole;
export const queryFlag = z.enum(["true", "false"]).transform((text) => text === "true");

/** Which part of a list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(1_024).optional().describe("`next` of the page before"),
};

/** A page of a list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().optional().describe("cursor of the next page") });
}

/** What is said of everything that fails (RFC 9457). */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string().describe("see docs/errors.md"),
  remedy: z.string().optional().describe("what to try: a command of farhand, or a place to look at"),
  instance: z.string().optional(),
  rule: z.string().optional().describe("by which it was refused"),
  change: z.string().optional().describe("who can change that"),
});
