import type { RemoteKind } from "#control";
import type { SubmitFacts, WorkFacts } from "./facts.ts";

/** A request to another node that is about to be signed. */
export type RequestToSign =
  | Exclude<WorkFacts, SubmitFacts>
  | (SubmitFacts & {
      /** SHA-256 of the payload, hex. Called only when the signature covers the payload, for hashing takes time. */
      readonly payloadSha256: () => Promise<string>;
    });

/** A request that came in, with what decides whether it has to be signed (spec §1.8). */
export interface RequestToCheck {
  /** The work type asks for signatures; for a unit of type `remote`, its own `SignWork`. */
  readonly needs: boolean;
  /** On a Unix socket nothing is verified: the operating system has said who this is. */
  readonly remote: RemoteKind;
  readonly signature: string | undefined;
  readonly facts: WorkFacts;
}

/** A request whose signature holds for everything but the payload, which comes behind the request line. */
export interface PendingVerification {
  /** True when {@link finish} wants the payload's hash; otherwise nobody need compute it. */
  readonly coversPayload: boolean;
  /** Who signed: the name of the trusted key and the node that used it. Undefined without a signed order. */
  readonly signer: { readonly key: string; readonly submitter: string } | undefined;
  /**
   * To be called once the payload is whole, before anything of it is used. Not calling it starts nothing.
   *
   * @param payloadSha256 hex; may be left out unless {@link coversPayload}.
   * @throws {WorkError} `SIGNATURE_PAYLOAD_CHANGED`, or `KEY_REVOKED` when that happened meanwhile.
   */
  finish(payloadSha256?: string): Promise<void>;
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
