import { WorkError, type WorkErrorCode } from "../errors.ts";

const prefix = "could not verify signature: ";

/** A signature that does not hold. Receptor's clients look for the words in front (spec §2.8). */
export function refusal(code: WorkErrorCode, why: string, options?: ErrorOptions): WorkError {
  return new WorkError(code, prefix + why, options);
}

/**
 * What is meant by the text of a refusal, first row that fits: the wire carries texts only (spec §1.2). Every text of this
 * folder is in it, and those of Receptor.
 */
export const signatureRefusals: readonly (readonly [text: RegExp, code: WorkErrorCode])[] = [
  [/^token audience did not match node ID/, "SIGNATURE_WRONG_TARGET"],
  [/^cannot sign work: |^could not load signing key file: /, "SIGNING_KEY_UNUSABLE"],
  [/^could not load (verifying key file|list of revoked keys): /, "VERIFYING_KEY_UNUSABLE"],
  ...(
    [
      ["signature is empty", "SIGNATURE_MISSING"],
      ["verifying key not specified", "VERIFYING_KEY_UNUSABLE"],
      ["token is expired", "SIGNATURE_EXPIRED"],
      ["token (is not valid yet|used before issued)", "SIGNATURE_NOT_YET_VALID"],
      ["the order is for another node", "SIGNATURE_WRONG_TARGET"],
      ["the order expired", "SIGNATURE_EXPIRED"],
      ["the order is not valid yet", "SIGNATURE_NOT_YET_VALID"],
      ["the order (was used before|cannot be told from one)", "SIGNATURE_REPLAYED"],
      ["the payload is not", "SIGNATURE_PAYLOAD_CHANGED"],
      ["the (operation|unit id|work type|params) of the request", "SIGNATURE_PARAMS_CHANGED"],
      ["key [0-9a-f]{64} is not trusted", "KEY_UNKNOWN"],
      ["key [0-9a-f]{64} is revoked", "KEY_REVOKED"],
      ["only signed orders are taken", "ORDER_REQUIRED"],
      ["too many orders", "ORDERS_EXHAUSTED"],
      ["", "SIGNATURE_INVALID"],
    ] as const
  ).map(([why, code]) => [new RegExp(`^${prefix}${why}`), code] as const),
];
