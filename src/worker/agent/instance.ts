import { createHash, createPublicKey, type KeyObject, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { assertionKey, type Challenge, type Registration, signProof, workerKeyText } from "#fleet";

/** What a worker says of itself, as its configuration and its work types have it. */
export interface SelfDescription {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly mode: Registration["mode"];
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly helperSlots: number;
  /** Signed, for the server to judge (CAT-98). */
  readonly entitlement?: string | undefined;
}

/** One start of a worker: its secret, which never touches a disk, and its nonce (CAT-35, CAT-39). */
export class Instance {
  readonly #secret = randomBytes(32);
  readonly #nonce = randomBytes(16).toString("base64url");
  readonly #startedAtMs: number;

  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
  }

  /** What assertions for this start are checked with. */
  get assertionKey(): Buffer {
    return assertionKey(this.#secret);
  }

  /** A registration, signed for this challenge. @param workerId absent: the first one. */
  registration(
    key: KeyObject,
    { nonce }: Pick<Challenge, "nonce">,
    self: SelfDescription,
    more: Pick<Registration, "workerId" | "token" | "account" | "sameMachine">,
  ): Registration {
    const claims = { nonce, workerId: more.workerId ?? "", instance: this.#nonce, secret: this.#secret };
    return {
      ...more,
      nonce,
      signature: signProof(claims, key),
      publicKey: workerKeyText(createPublicKey(key)),
      forwardSecret: this.#secret.toString("base64url"),
      instanceNonce: this.#nonce,
      name: self.name,
      machineIdHash: machineIdHash(),
      hostName: hostname(),
      serviceVersion: self.version,
      mode: self.mode,
      startedAtMs: this.#startedAtMs,
      capabilities: [...self.capabilities].slice(0, 1_000),
      labels: { ...self.labels },
      helperSlots: self.helperSlots,
      ...(self.entitlement !== undefined && { entitlement: self.entitlement }),
    };
  }
}

/** SHA-256 of the machine's own id; of its name where it has none, as in many containers. */
function machineIdHash(): string {
  const id = ["/etc/machine-id", "/var/lib/dbus/machine-id"].map(readIfThere).find((text) => text !== "");
  return createHash("sha256")
    .update(`farhand-machine/1 ${id ?? hostname()}`)
    .digest("hex");
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}
