import type { KeyObject } from "node:crypto";
import { type Clock, errorText } from "#core";
import { WorkError } from "../errors.ts";
import type { PendingVerification, RequestToCheck, WorkFacts } from "./facts.ts";
import { orderPrefix } from "./order.ts";
import type { OrderVerifier } from "./order-verifier.ts";
import { largestKeyFile, ParsedFile } from "./parsed-file.ts";
import { rsaPublicKey } from "./pem.ts";
import { refusal } from "./refusals.ts";
import { verifyToken } from "./token.ts";

export interface RequestCheckerOptions {
  readonly nodeId: string;
  readonly publicKey: string | undefined;
  readonly orders: OrderVerifier | undefined;
  readonly requireOrder: boolean;
  readonly clock: Clock;
}

/** A request that needs no signature, or whose token says nothing of a payload. */
const nothingPending: PendingVerification = { coversPayload: false, signer: undefined, finish: async () => {} };

/** Decides about the signature of each request to one node (spec §1.8). */
export class RequestChecker {
  readonly #options: RequestCheckerOptions;
  readonly #tokenKey: ParsedFile<KeyObject> | undefined;

  constructor(options: RequestCheckerOptions) {
    this.#options = options;
    const { publicKey } = options;
    this.#tokenKey = publicKey ? new ParsedFile(publicKey, largestKeyFile, rsaPublicKey) : undefined;
  }

  /** @throws {WorkError} why the request is refused. */
  async check({ needs, remote, signature, facts }: RequestToCheck): Promise<PendingVerification> {
    if (!needs && signature) throw new WorkError("SIGNATURE_UNEXPECTED", "work type did not expect a signature");
    if (!needs || remote === "unix") return nothingPending;
    if (!signature) throw refusal("SIGNATURE_MISSING", "signature is empty");
    return signature.startsWith(orderPrefix) ? this.#checkOrder(signature, facts) : this.#checkToken(signature);
  }

  #checkOrder(text: string, facts: WorkFacts): Promise<PendingVerification> {
    const { orders } = this.#options;
    if (!orders) throw refusal("VERIFYING_KEY_UNUSABLE", "verifying key not specified");
    return orders.begin(text, facts);
  }

  async #checkToken(token: string): Promise<PendingVerification> {
    const { nodeId, clock, requireOrder } = this.#options;
    if (requireOrder) throw refusal("ORDER_REQUIRED", "only signed orders are taken");
    if (!this.#tokenKey) throw refusal("VERIFYING_KEY_UNUSABLE", "verifying key not specified");
    const key = await readKey(this.#tokenKey);
    verifyToken(token, key, nodeId, clock.now());
    return nothingPending;
  }
}

async function readKey(file: ParsedFile<KeyObject>): Promise<KeyObject> {
  try {
    return await file.read();
  } catch (error) {
    throw new WorkError("VERIFYING_KEY_UNUSABLE", `could not load verifying key file: ${errorText(error)}`, {
      cause: error,
    });
  }
}
