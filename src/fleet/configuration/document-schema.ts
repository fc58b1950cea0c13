/**
 * A worker's configuration document: `worker.yaml`, or what the server holds for workers under a name (spec CAT §1, §7).
 *
 * Every key may be left out; {@link configKeys} says what each means then and when a change of it takes effect. Fields of
 * work types and tools are looked at by the worker alone, whose settings say what there is.
 */
import { parseGoDuration } from "#core";
import { z } from "zod";
import { managementService } from "../http-streams-schema.ts";
import { workerMode } from "../registration-schema.ts";
import { levels } from "../levels.ts";

/** Of the documents this schema takes; goes up when an old document would be refused or mean something else. */
export const configSchemaVersion = 1;

const text = (maxChars: number) => z.string().min(1).max(maxChars);
const path = text(4_096).regex(/^\//, "must be an absolute path");
const count = (least: number, most: number) => z.number().int().min(least).max(most);
const name = text(255).regex(/^[^/\p{C}]+$/u, "holds a slash or a control character");
const label = z.string().regex(/^[A-Za-z0-9][\w.:/-]{0,62}$/, "must be letters, digits and . : / - _");
const urlOf = (...schemes: readonly string[]) =>
  text(2_048).refine(
    (url) => URL.canParse(url) && schemes.includes(new URL(url).protocol) && new URL(url).host !== "",
    `must be a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(" or ")}`,
  );

/** How a secret may stand in a document: as it is, marked as one, or as where the worker finds it (CAT-73). */
const secret = z.union([
  text(8_192),
  z.strictObject({
    $secret: z.union([
      z.literal("set"),
      z.strictObject({ value: text(8_192) }),
      z.strictObject({ sealed: text(16_384) }),
      text(4_096).regex(/^(file|env):./, 'must be "set", {"value": text}, "file:PATH" or "env:NAME"'),
    ]),
  }),
]);

const anyRoad = {
  /** Of the link, as at a node: both ends have to say the same, and a server says 1. */
  cost: z
    .literal(1, {
      error:
        "must be 1 or left out: all roads of a server cost 1, and it takes no link at another. Of several roads the first that gets through carries, and the others stand in; leave out what is not to be used",
    })
    .optional(),
  /** Id of the server's node, where the road must be told it. */
  hub: name.optional(),
};
const httpLike = { ...anyRoad, header: secret.optional().describe("one more header, `Key: value`") };
const road = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ws"), url: secret.optional().describe("the server's when absent"), ...httpLike }),
  z.strictObject({ kind: z.literal("http"), url: secret.optional().describe("the server's when absent"), ...httpLike }),
  z.strictObject({ kind: z.literal("tcp"), address: text(512).describe("host:port"), ...anyRoad }),
  z.strictObject({ kind: z.literal("amqp"), url: secret, prefix: text(64).optional(), ...anyRoad }),
]);

/** `none` would be everybody. */
const someLevel = z.enum(["monitor", "operate", "configure", "admin"]);

const dayNs = 86_400_000_000_000n;
const duration = text(64).refine((given) => {
  const ns = parseGoDuration(given);
  return ns !== undefined && ns >= 0n && ns <= dayNs;
}, "must be a duration from 0s to 24h, such as 2s or 1m30s");
const namePattern = text(255).regex(/^[^/\p{Cc}]+$/u, "holds a slash or a control character");
const afterwards = z.union([
  z.enum(["leave", "delete"], { error: 'must be "leave", "delete" or {"moveTo": FOLDER}' }),
  z.strictObject({ moveTo: path }),
]);
const watcher = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,62}$/, "must be letters, digits and . - _"),
  folder: path,
  include: z.array(namePattern).min(1).max(64).optional().describe("names that count: `*` any text, `?` one character"),
  exclude: z.array(namePattern).max(64).optional().describe("names that do not; hidden ones when absent"),
  depth: count(0, 16).optional().describe("how many folders down; 0 when absent"),
  settle: duration.optional().describe("a file counts when it has not changed for so long; 2s when absent"),
  marker: text(64)
    .regex(/^[^/\p{Cc}]+$/u, "holds a slash or a control character")
    .optional()
    .describe("a file counts only while one with this behind its name is there too"),
  every: duration.optional().describe("longest time between two looks; 10s when absent"),
  workType: name,
  give: z
    .enum(["path", "payload"])
    .optional()
    .describe("`path` in the params (when absent), or the file as the payload"),
  params: text(4_096).optional().describe("params of the unit, with {path}, {name}, {file}, {watcher}"),
  onSuccess: afterwards.optional().describe("`leave` when absent"),
  onFailure: afterwards.optional().describe("`leave` when absent"),
  maxUnits: count(1, 1_000).optional().describe("units of this watcher at once; 4 when absent"),
});

const tcpService = z.strictObject({ host: text(255), port: count(1, 65_535), level: someLevel.optional() });
const serviceName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,62}$/, "must be letters, digits and . - _");

/** Sections of a document and their keys. */
export const configShape = {
  server: z.strictObject({
    urls: z.array(urlOf("https:", "http:")).max(16),
    name: text(255).nullable(),
    pin: text(200)
      .regex(/^(sha256:)?([0-9a-f]{2}:?){32}$/i, "must be a SHA-256 fingerprint in hex")
      .nullable(),
    caFile: path.nullable(),
    proxy: secret.nullable(),
    enrolmentToken: secret.nullable(),
    user: text(255).nullable(),
    password: secret.nullable(),
  }),
  identity: z.strictObject({
    name,
    id: label.nullable(),
    labels: z.record(label, z.string().max(255)).refine((all) => Object.keys(all).length <= 64, "more than 64 labels"),
    publicUrl: urlOf("https:", "http:").nullable(),
  }),
  remoteAccess: z.strictObject({ roles: z.record(text(64), z.enum(levels)), needsEntitlement: z.boolean() }),
  legacyPassword: z.strictObject({
    hash: secret.nullable(),
    remote: z.boolean(),
    level: z.enum(["monitor", "operate", "configure"]),
    acceptHashLocally: z.boolean(),
    requireLocally: z.boolean(),
  }),
  socket: z.strictObject({ enabled: z.boolean() }),
  api: z.strictObject({
    enabled: z.boolean(),
    listen: text(255),
    port: count(0, 65_535),
    cert: path.nullable(),
    key: path.nullable(),
    names: z.array(text(255)).max(32),
  }),
  switches: z.strictObject({ remember: z.boolean() }),
  helpers: z.strictObject({ count: count(1, 256).nullable() }),
  limits: z.strictObject({
    retentionAge: text(64).nullable(),
    retentionCount: count(0, 1e9).nullable(),
    retentionBytes: z.union([text(64), count(0, Number.MAX_SAFE_INTEGER)]).nullable(),
  }),
  log: z.strictObject({ level: z.enum(["error", "warning", "info", "debug"]), format: z.enum(["receptor", "json"]) }),
  shell: z.strictObject({
    enabled: z.boolean(),
    command: text(4_096).regex(/^[^\0]*$/, "holds a NUL character"),
    level: someLevel,
  }),
} as const;

/** Keys that stand in no section. */
export const configTop = {
  mode: workerMode,
  dataDir: path,
  roads: z.array(road).max(16),
  workTypes: z
    .array(z.looseObject({ kind: z.enum(["command", "python", "loop"]).optional(), worktype: name }))
    .max(1_000),
  tools: z.record(name, z.looseObject({})).refine((all) => Object.keys(all).length <= 64, "more than 64 tools"),
  watchers: z.array(watcher).max(64),
  files: z.array(path).max(64),
  tcpServices: z
    .record(serviceName, tcpService)
    .refine((all) => Object.keys(all).length <= 64, "more than 64 services"),
  httpServices: z
    .record(serviceName, tcpService)
    .refine((all) => Object.keys(all).length <= 64, "more than 64 services")
    .refine((all) => !Object.hasOwn(all, managementService), `${managementService} is the worker's own`),
  entitlement: text(65_536).nullable(),
} as const;

const sections = {
  server: configShape.server.partial().optional(),
  identity: configShape.identity.partial().optional(),
  remoteAccess: configShape.remoteAccess.partial().optional(),
  legacyPassword: configShape.legacyPassword.partial().optional(),
  socket: configShape.socket.partial().optional(),
  api: configShape.api.partial().optional(),
  switches: configShape.switches.partial().optional(),
  helpers: configShape.helpers.partial().optional(),
  limits: configShape.limits.partial().optional(),
  log: configShape.log.partial().optional(),
  shell: configShape.shell.partial().optional(),
};

/** A document as it is written and kept: secrets in any form. */
export const ConfigDocument = z.strictObject({ ...z.strictObject(configTop).partial().shape, ...sections });
export type ConfigDocument = z.infer<typeof ConfigDocument>;

type Whole<Shape extends Readonly<Record<string, z.ZodType>>> = { readonly [K in keyof Shape]: z.infer<Shape[K]> };

/** How a secret is written. */
export type WrittenSecret = z.infer<typeof secret>;

/** A document with nothing left open. */
export type WholeDocument = Whole<typeof configShape> & Whole<typeof configTop>;

/** The schema for editors and pages, as JSON Schema (draft 2020-12). */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(ConfigDocument) as Record<string, unknown>;
}
