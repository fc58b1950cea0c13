import type { RemoteKind } from "#control";

/** What a signature is asked for: what the request says, as both ends know it from the request itself. */
export type WorkFacts = SubmitFacts | EndingFacts | ResultsFacts;

/** Work that is given to a node. */
export interface SubmitFacts {
  readonly operation: "submit";
  /** The id the submitter chose (`workUnitID`); empty when it leaves the choice to the executing node. */
  readonly unitId: string;
  /** The type as the executing node calls it. */
  readonly workType: string;
  /** Every work parameter of the request; the reserved keys (spec §1.8) are none. */
  readonly params: Readonly<Record<string, string>>;
}

/** A request to end or remove a unit of the executing node. */
export interface EndingFacts {
  readonly operation: "cancel" | "release" | "force-release";
  readonly unitId: string;
  /** The type of the unit as the executing node calls it. */
  readonly workType: string;
}

/** A request for the output of a unit of the executing node. */
export interface ResultsFacts {
  readonly operation: "results";
  readonly unitId: string;
  readonly workType: string;
  /** The first byte that is asked for. */
  readonly startPos: number;
}

/** What may be asked under a signature. */
export type SignedOperation = WorkFacts["operation"];

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
