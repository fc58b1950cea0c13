/**
 * Methods with which a worker's configuration is read and written, on whatever way the call comes (spec CAT §7).
 */
import { z } from "zod";
import type { Json, JsonObject } from "#core";
import type { Method } from "./method.ts";

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const text = (maxChars: number) => z.string().max(maxChars);
const json = z.json() as z.ZodType<Json>;
const document = z.record(z.string(), json);
const pointer = text(1_024).describe("JSON pointer (RFC 6901)");
const applies = z.enum(["live", "drain", "restart"]);
const fault = z.strictObject({ path: pointer, reason: text(2_000) });
const change = z.strictObject({ path: pointer, before: json.optional(), after: json.optional() });
const nothing = z.strictObject({});

/** Where the configuration is kept, so that whoever edits goes to the right place (CAT-78). */
const place = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("file"), path: text(4_096) }),
  z.strictObject({ kind: z.literal("cloud"), name: text(63) }),
]);

const pending = z.strictObject({ path: pointer, applies });

/** A version without its document. */
const version = z.strictObject({
  version: count,
  author: text(255),
  comment: text(1_000),
  createdAt: count.describe("milliseconds since 1970"),
});

export const ConfigGot = z.strictObject({
  place,
  version: count.describe("0: there is none yet; `ifMatch` of the next put"),
  document: document.describe("secrets as set"),
  state: z.enum(["good", "misconfigured", "none"]),
  faults: z.array(fault),
  provisional: z
    .strictObject({ version: count, by: text(255), until: count, back: count.describe("the version that returns") })
    .nullable()
    .describe("an edit that must be confirmed (CAT-75)"),
});
export type ConfigGot = z.infer<typeof ConfigGot>;

export const ConfigEffective = z.strictObject({
  values: z.array(
    z.strictObject({
      path: pointer,
      value: json,
      source: text(300).describe("default, file, cloud:NAME@VERSION or env:NAME (CAT-8)"),
      fixed: text(1_000).nullable().describe("why editing it here changes nothing"),
      applies,
    }),
  ),
  pending: z.array(pending),
});
export type ConfigEffective = z.infer<typeof ConfigEffective>;

export const ConfigValidated = z.strictObject({ faults: z.array(fault), warnings: z.array(fault) });
export type ConfigValidated = z.infer<typeof ConfigValidated>;

export const ConfigPut = z.strictObject({
  document,
  ifMatch: count.describe("version the document was made from, 0 when there was none (CAT-72)"),
  comment: text(1_000).optional(),
  force: z.boolean().optional().describe("false: warnings of live checks are refusals too (CAT-76)"),
});
export type ConfigPut = z.infer<typeof ConfigPut>;

export const ConfigWritten = z.strictObject({
  version: count,
  warnings: z.array(fault),
  pending: z.array(pending),
  confirmBefore: count
    .nullable()
    .describe("milliseconds since 1970: unless it is confirmed over a new connection by then, the old one returns"),
});
export type ConfigWritten = z.infer<typeof ConfigWritten>;

export const configGet: Method<Record<string, never>, ConfigGot> = {
  name: "config.get",
  params: nothing,
  result: ConfigGot,
  level: "monitor",
  changes: false,
};

export const configSchema: Method<
  Record<string, never>,
  { version: number; schema: Record<string, unknown>; keys: readonly unknown[] }
> = {
  name: "config.schema",
  params: nothing,
  result: z.strictObject({
    version: count,
    schema: z.record(z.string(), z.unknown()),
    keys: z.array(z.strictObject({ path: pointer, applies, meaning: text(500), env: text(64).nullable() })),
  }),
  level: "monitor",
  changes: false,
};

export const configEffective: Method<Record<string, never>, ConfigEffective> = {
  name: "config.effective",
  params: nothing,
  result: ConfigEffective,
  level: "monitor",
  changes: false,
};

export const configValidate: Method<{ document: JsonObject }, ConfigValidated> = {
  name: "config.validate",
  params: z.strictObject({ document }),
  result: ConfigValidated,
  level: "configure",
  changes: false,
};

export const configPut: Method<ConfigPut, ConfigWritten> = {
  name: "config.put",
  params: ConfigPut,
  result: ConfigWritten,
  level: "configure",
  changes: true,
};

/** What others and the caller have made of the version the caller's document was made from (CAT-72). */
export const ConfigCompared = z.strictObject({
  version: count.describe("the version in force"),
  changes: z.array(
    z.strictObject({
      path: pointer,
      base: json.optional(),
      theirs: json.optional(),
      yours: json.optional(),
      conflict: z.boolean().describe("both have changed it, and not to the same"),
    }),
  ),
});
export type ConfigCompared = z.infer<typeof ConfigCompared>;

export const configCompare: Method<{ document: JsonObject; base: number }, ConfigCompared> = {
  name: "config.compare",
  params: z.strictObject({ document, base: count }),
  result: ConfigCompared,
  level: "configure",
  changes: false,
};

export const configHistory: Method<
  Record<string, never>,
  { versions: (z.infer<typeof version> & { changes: z.infer<typeof change>[] | null })[] }
> = {
  name: "config.history",
  params: nothing,
  result: z.strictObject({ versions: z.array(version.extend({ changes: z.array(change).nullable() })) }),
  level: "monitor",
  changes: false,
};

export const configRollback: Method<{ version: number; ifMatch: number }, ConfigWritten> = {
  name: "config.rollback",
  params: z.strictObject({ version: count, ifMatch: count }),
  result: ConfigWritten,
  level: "configure",
  changes: true,
};

export const configConfirm: Method<{ version: number }, Record<string, never>> = {
  name: "config.confirm",
  params: z.strictObject({ version: count }),
  result: nothing,
  level: "configure",
  changes: true,
};
