/**
 * How a configuration that the server holds comes to its workers (spec CAT-77, CAT-79).
 */
import { z } from "zod";
import type { JsonObject } from "#core";
import type { Method } from "./method.ts";

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const name = z.string().min(1).max(255);
const document = z.record(z.string(), z.json()) as z.ZodType<JsonObject>;

export const ConfigWanted = z.strictObject({ have: count.describe("version the worker goes by, 0: none") });
export type ConfigWanted = z.infer<typeof ConfigWanted>;

export const ConfigDelivered = z.discriminatedUnion("state", [
  z.strictObject({ state: z.literal("none") }),
  z.strictObject({ state: z.literal("same") }),
  z.strictObject({
    state: z.literal("new"),
    name,
    version: count,
    document: document.describe("secrets with their values: this is for the worker alone"),
  }),
]);
export type ConfigDelivered = z.infer<typeof ConfigDelivered>;

/** The worker asks; which configuration is its own the server says. */
export const configFetch: Method<ConfigWanted, ConfigDelivered> = {
  name: "config.fetch",
  params: ConfigWanted,
  result: ConfigDelivered,
  level: "none",
  changes: false,
};

export const ConfigChanged = z.strictObject({ name, version: count });
export type ConfigChanged = z.infer<typeof ConfigChanged>;

/** The server says that there is a new version: workers ask for theirs. */
export const configChanged: Method<ConfigChanged, Record<string, never>> = {
  name: "config.changed",
  params: ConfigChanged,
  result: z.strictObject({}),
  level: "none",
  changes: false,
};

export const ConfigOutcome = z.strictObject({
  version: count,
  outcome: z.enum(["applied", "pending", "failed"]),
  detail: z.string().max(1_000).describe("when it takes effect, or why it was not taken"),
  running: count.optional().describe("version the worker goes by now, 0: none"),
});
export type ConfigOutcome = z.infer<typeof ConfigOutcome>;

/** What became of a version on a worker. */
export const configOutcome: Method<ConfigOutcome, Record<string, never>> = {
  name: "config.outcome",
  params: ConfigOutcome,
  result: z.strictObject({}),
  level: "none",
  changes: true,
};
