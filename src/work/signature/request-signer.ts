import type { KeyObject } from "node:crypto";
import { type Clock, errorText } from "#core";
import { WorkError } from "../errors.ts";
import type { RequestToSign } from "./facts.ts";
import { longestWindowMs } from "./nonces.ts";
import { largestKeyFile, ParsedFile } from "./parsed-file.ts";
import { orderPrivateKey, rsaPrivateKey } from "./pem.ts";
import { signOrder } from "./signed-order.ts";
import type { SigningSettings } from "./signatures.ts";
import { signToken } from "./token.ts";

/** As in Receptor; without it the original crashes (spec §2.8). */
const defaultExpirationMs = 5 * 60_000;

/** Signs the requests of one node with the keys it was given. */
export class RequestSigner {
  readonly #nodeId: string;
  readonly #clock: Clock;
  readonly #expirationMs: number;
  readonly #tokenKey: ParsedFile<KeyObject> | undefined;
  readonly #orderKey: ParsedFile<KeyObject> | undefined;

  constructor(nodeId: string, { privateKey, orderKey, expirationMs }: SigningSettings, clock: Clock) {
    this.#nodeId = nodeId;
    this.#clock = clock;
    this.#expirationMs = expirationMs ?? defaultExpirationMs;
    this.#tokenKey = privateKey ? new ParsedFile(privateKey, largestKeyFile, rsaPrivateKey) : undefined;
    this.#orderKey = orderKey ? new ParsedFile(orderKey, largestKeyFile, orderPrivateKey) : undefined;
  }

  /** @throws {WorkError} `SIGNING_KEY_UNUSABLE`. */
  async signFor(node: string, request: RequestToSign, peer: "farhand" | "receptor"): Promise<string> {
    if (peer === "farhand" && this.#orderKey) return this.#signOrder(node, request, await readKey(this.#orderKey));
    if (!this.#tokenKey) throw new WorkError("SIGNING_KEY_UNUSABLE", "cannot sign work: signing key is empty");
    const key = await readKey(this.#tokenKey);
    return signToken({ key, audience: node, expiresAt: this.#clock.now() + this.#expirationMs });
  }

  #signOrder(target: string, request: RequestToSign, key: KeyObject): Promise<string> {
    return signOrder(key, request, { target, submitter: this.#nodeId }, () => {
      const notBefore = Math.floor(this.#clock.now());
      return { notBefore, notAfter: notBefore + Math.min(Math.floor(this.#expirationMs), longestWindowMs) };
    });
  }
}

async function readKey(file: ParsedFile<KeyObject>): Promise<KeyObject> {
  try {
    return await file.read();
  } catch (error) {
    throw new WorkError("SIGNING_KEY_UNUSABLE", `could not load signing key file: ${errorText(error)}`, {
      cause: error,
    });
  }
}
