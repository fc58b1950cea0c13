/**
 * How a worker and its server get to know each other: hello, register, bye (spec CAT §4, CAT-20).
 */
import { z } from "zod";
import { maxEntitlementChars } from "./entitlement.ts";
import type { Method } from "./method.ts";

/** Version of the methods between server and worker. With another `major` only `hello` and `status` are answered. */
export const apiVersion = { major: 1, minor: 0 } as const;

const text = (maxChars: number) => z.string().min(1).max(maxChars);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const timeMs = count.describe("milliseconds since 1970");
const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
/** So many bytes as base64url without padding. */
const bytes = (length: number) => z.string().regex(new RegExp(`^[\\w-]{${Math.ceil((length * 4) / 3)}}$`));
const word = z.string().regex(/^[A-Za-z0-9][\w.:/-]{0,62}$/);
const labels = z
  .record(word, z.string().max(255))
  .refine((record) => Object.keys(record).length <= 64, "more than 64 labels");

/** How a worker was set up (spec CAT §1). */
export const workerMode = z.enum(["session", "system", "cloud", "standalone", "appliance"]);
/** How far a worker has got (CAT-12, CAT-41). */
export const workerState = z.enum(["unconfigured", "configured", "registered", "draining", "stopping"]);

/** What either side says of itself first on any carrier (CAT-20). */
export const Hello = z.strictObject({
  apiVersion: z.strictObject({ major: count, minor: count }),
  serviceVersion: text(64),
  mode: z.union([workerMode, z.literal("server")]),
  state: z.union([workerState, z.literal("serving")]),
  features: z.array(word).max(100),
});
export type Hello = z.infer<typeof Hello>;

export const hello: Method<Hello, Hello> = {
  name: "hello",
  params: Hello,
  result: Hello,
  tells: true,
  level: "none",
  changes: false,
};

/** Something fresh for a worker to sign with its key (CAT-34), and the server's time (CAT-62). */
export const Challenge = z.strictObject({ nonce: bytes(32), serverTimeMs: timeMs });
export type Challenge = z.infer<typeof Challenge>;

export const challenge: Method<Record<string, never>, Challenge> = {
  name: "register.challenge",
  params: z.strictObject({}),
  result: Challenge,
  level: "none",
  changes: false,
};

/** All that a worker says of itself when it registers; nothing else leaves the machine (CAT-32). */
export const Registration = z.strictObject({
  workerId: word.optional().describe("given by the server at the first registration; absent then"),
  token: z
    .strictObject({ id: z.string().regex(/^[\w-]{1,64}$/), secret: bytes(32) })
    .optional()
    .describe("decoded enrolment token, at the first registration only (CAT-33)"),
  account: z
    .strictObject({ user: text(255), password: text(512) })
    .optional()
    .describe("service account and its API token, at the first registration only (CAT-3)"),
  nonce: bytes(32).describe("from register.challenge, for this registration"),
  signature: text(128).describe("Ed25519, base64: see signProof (CAT-34)"),
  publicKey: text(100).describe("Ed25519, SPKI DER in base64"),
  forwardSecret: bytes(32).describe("signs the server's requests; new with every start (CAT-35)"),
  instanceNonce: bytes(16).describe("new with every start: tells clones apart (CAT-39)"),
  name: text(255),
  machineIdHash: sha256Hex.describe("SHA-256 of the machine id, so that a reinstalled machine is known again (CAT-42)"),
  hostName: text(255),
  serviceVersion: text(64),
  mode: workerMode,
  startedAtMs: timeMs,
  capabilities: z.array(word).max(1_000).describe("work types and built-in tools"),
  labels,
  helperSlots: count.max(100_000),
  listenAddress: text(255).optional().describe("as seen from inside: a claim, never dialled (CAT-40)"),
  entitlement: text(maxEntitlementChars).optional().describe("signed, for the server to judge (CAT-98)"),
  sameMachine: z.enum(["replace", "add"]).optional().describe("what to do about an entry of this machine (CAT-42)"),
});
export type Registration = z.infer<typeof Registration>;

/** Certificates, PEM. */
const pem = z.string().min(1).max(16_384);

/** What a worker must know to live with its server. */
export const Registered = z.strictObject({
  workerId: word,
  name: text(255).describe("as wanted, or with a number behind it"),
  node: text(255).describe("id of its node on the mesh"),
  epoch: count.min(1).describe("grows with each registration; assertions name it"),
  labels,
  serverTimeMs: timeMs.describe("so that the worker's own clock does not matter (CAT-62)"),
  heartbeatEveryMs: count.min(1_000).max(3_600_000),
  comeBackWithinMs: count
    .max(300_000)
    .describe("after a restart of the server, register again at some moment within this time (CAT-38)"),
  serverNode: text(255).describe("the server's node on the mesh"),
  authority: pem.describe("who signs certificates here"),
  certificate: pem.describe("of the worker's key, for its node"),
});
export type Registered = z.infer<typeof Registered>;

export const register: Method<Registration, Registered> = {
  name: "register",
  params: Registration,
  result: Registered,
  level: "none",
  changes: true,
};

/** A worker's last words (CAT-41): without them it is lost, not stopped. */
export const Bye = z.strictObject({
  reason: z.enum(["stopped", "restarting", "upgrading", "leaving"]),
  detail: z.string().max(1_000),
  unitsRunning: count.describe("units that go on without the daemon"),
});
export type Bye = z.infer<typeof Bye>;

export const bye: Method<Bye, Record<string, never>> = {
  name: "bye",
  params: Bye,
  result: z.strictObject({}),
  tells: true,
  level: "none",
  changes: true,
};
