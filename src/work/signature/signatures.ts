import { type Clock, type Log, systemClock } from "#core";
import type { PendingVerification, RequestToCheck, RequestToSign } from "./facts.ts";
import { openNonces } from "./nonces.ts";
import { OrderVerifier } from "./order-verifier.ts";
import { RequestChecker } from "./request-checker.ts";
import { RequestSigner } from "./request-signer.ts";
import { RevokedKeys } from "./revoked-keys.ts";
import { TrustedKeys } from "./trusted-keys.ts";

export type { PendingVerification, RequestToCheck, RequestToSign } from "./facts.ts";

/** How this node signs work for others (section `work-signing`). Paths name PEM files. */
export interface SigningSettings {
  /** RSA, for Receptor's tokens. */
  readonly privateKey?: string | undefined;
  /** Ed25519, for signed orders. */
  readonly orderKey?: string | undefined;
  /** How long a signature is valid; five minutes unless set. An order is never valid for more than a day. */
  readonly expirationMs?: number | undefined;
}

/** How this node verifies work for itself (section `work-verification`). Paths name PEM files. */
export interface VerificationSettings {
  /** RSA, for Receptor's tokens. */
  readonly publicKey?: string | undefined;
  /** A file or a folder of Ed25519 keys, for signed orders. */
  readonly orderKeys?: string | undefined;
  /** A file with ids of keys that are trusted no longer. */
  readonly revoked?: string | undefined;
  /** Refuse tokens: they do not say what was signed. */
  readonly requireOrder?: boolean | undefined;
}

export interface SignatureOptions {
  readonly nodeId: string;
  /** Folder for the record of used orders; made when it is needed. */
  readonly stateDir: string;
  readonly signing?: SigningSettings | undefined;
  readonly verification?: VerificationSettings | undefined;
  readonly clock?: Clock;
  readonly log: Log;
}

/** Signing and verifying of work on one node. */
export interface WorkSignatures {
  /**
   * The signature for a request to `node`: made afresh for every request, for no signature is good twice.
   *
   * A signed order for a Farhand peer when this node has a key for orders, otherwise Receptor's token.
   *
   * @throws {WorkError} `SIGNING_KEY_UNUSABLE`.
   */
  signFor(node: string, request: RequestToSign, peer: "farhand" | "receptor"): Promise<string>;
  /**
   * Look at the signature of a request before anything happens to a unit (spec §1.8).
   *
   * @throws {WorkError} `SIGNATURE_UNEXPECTED` when none was asked for, otherwise a `SIGNATURE_…`, `KEY_…` or `ORDER_…` code.
   */
  check(request: RequestToCheck): Promise<PendingVerification>;
  /** Let go of files. */
  close(): Promise<void>;
}

/**
 * Open what signs and verifies. Key files are read when they are used, and again when they have changed.
 *
 * @throws {WorkError} `STORAGE_FAILED` when the record of used orders cannot be read or written.
 */
export async function openSignatures(options: SignatureOptions): Promise<WorkSignatures> {
  const { nodeId, stateDir, signing = {}, verification = {}, clock = systemClock, log } = options;
  const { publicKey, orderKeys, revoked, requireOrder = false } = verification;
  const nonces = orderKeys ? await openNonces({ folder: stateDir, clock, log }) : undefined;
  const orders =
    orderKeys && nonces
      ? new OrderVerifier({
          nodeId,
          keys: new TrustedKeys(orderKeys, log),
          revoked: revoked ? new RevokedKeys(revoked) : undefined,
          nonces,
          clock,
        })
      : undefined;
  const signer = new RequestSigner(nodeId, signing, clock);
  const checker = new RequestChecker({ nodeId, publicKey, orders, requireOrder, clock });
  return {
    signFor: (node, request, peer) => signer.signFor(node, request, peer),
    check: (request) => checker.check(request),
    close: async () => nonces?.close(),
  };
}
