import { isWorkerKey, maxEntitlementChars } from "#fleet";
import { ServerError } from "../errors.ts";
import type { Grant } from "./entry.ts";
import { type Labels, labelsFault } from "./labels.ts";

/** What a worker says of itself when it starts and after every reconnect (CAT-32). */
export interface RegistrationRequest {
  /** Given by the server at the first registration; absent then. */
  readonly workerId?: string;
  /** Decoded enrolment token; at the first registration only. */
  readonly token?: { readonly id: string; readonly secret: string };
  /** Who else vouches for it, at the first registration: the server says so, and never the worker. */
  readonly grant?: Grant;
  /** From {@link Nonces}, for this registration. */
  readonly nonce: string;
  /** See {@link signProof}. */
  readonly signature: string;
  /** Ed25519, SPKI DER in base64. */
  readonly publicKey: string;
  /** 32 random bytes of this start of the worker; kept in memory only. */
  readonly secret: Uint8Array;
  /** Random at each start of the worker. */
  readonly instance: string;
  readonly name: string;
  /** Hash of the machine's own id. */
  readonly machineId: string;
  readonly mode: "session" | "system" | "cloud" | "standalone" | "appliance";
  readonly version: string;
  readonly labels: Labels;
  /** Names of the work types it offers, and how many helpers it may have (CAT-32). */
  readonly capabilities?: readonly string[];
  readonly helperSlots?: number;
  /** The address as the worker sees it: a claim, never dialled (CAT-40). */
  readonly reportedAddress?: string;
  /** A signed entitlement that it was given, in place of none (CAT-98). */
  readonly entitlement?: string;
  /** What to do about an entry of the same machine that is not connected (CAT-42). Absent: ask. */
  readonly sameMachine?: "replace" | "add";
}

/** What the server answers. */
export interface Registration {
  readonly workerId: string;
  /** As wanted, or with a number behind it. */
  readonly name: string;
  /** Id of its node on the mesh. */
  readonly node: string;
  /** Grows with each registration; assertions name it. */
  readonly epoch: number;
  readonly labels: Labels;
  /** Milliseconds since 1970, so that the worker's own clock does not matter (CAT-62). */
  readonly serverTime: number;
}

const modes: readonly string[] = ["session", "system", "cloud", "standalone", "appliance"];
const limits = { instance: 64, name: 255, machineId: 128, version: 64, nonce: 64, signature: 128 } as const;

/** @throws {ServerError} REGISTRATION_INVALID, naming the field. */
export function requireRegistration(request: RegistrationRequest): void {
  for (const [field, most] of Object.entries(limits)) {
    const text: unknown = Reflect.get(request, field);
    if (typeof text !== "string" || text.length === 0 || text.length > most)
      throw invalid(`${field} is not a text of 1 to ${most} characters`);
  }
  if (!modes.includes(request.mode)) throw invalid(`mode is none of ${modes.join(", ")}`);
  if (request.secret.length !== 32) throw invalid("secret is not 32 bytes");
  if (request.reportedAddress !== undefined && request.reportedAddress.length > 255)
    throw invalid("reportedAddress is longer than 255 characters");
  if ((request.entitlement?.length ?? 0) > maxEntitlementChars) throw invalid("entitlement is too long to be one");
  const fault = labelsFault(request.labels);
  if (fault !== undefined) throw invalid(`labels: ${fault}`);
  if (!isWorkerKey(request.publicKey)) throw invalid("publicKey is not an Ed25519 key (SPKI, base64)");
}

const invalid = (why: string): ServerError => new ServerError("REGISTRATION_INVALID", why);
