import { FarhandError, plainTlsText, systemCode } from "#core";
import { MeshError, type MeshErrorCode } from "../errors.ts";

const unknownAuthority =
  "certificate signed by unknown authority: name the CA of the far end's certificate with rootcas";

const explanations: Readonly<Record<string, readonly [code: MeshErrorCode, why: string]>> = {
  ECONNREFUSED: ["DIAL_FAILED", "nobody listens there"],
  ENOTFOUND: ["DIAL_FAILED", "no such host"],
  EAI_AGAIN: ["DIAL_FAILED", "the name of the host cannot be looked up now"],
  EHOSTUNREACH: ["DIAL_FAILED", "no way leads to the host"],
  ENETUNREACH: ["DIAL_FAILED", "no way leads to the network of the host"],
  ETIMEDOUT: ["DIAL_FAILED", "the host does not answer"],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["TLS_REFUSED", unknownAuthority],
  UNABLE_TO_GET_ISSUER_CERT: ["TLS_REFUSED", unknownAuthority],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["TLS_REFUSED", unknownAuthority],
  SELF_SIGNED_CERT_IN_CHAIN: ["TLS_REFUSED", unknownAuthority],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["TLS_REFUSED", unknownAuthority],
  CERT_SIGNATURE_FAILURE: ["TLS_REFUSED", unknownAuthority],
  INVALID_PURPOSE: ["TLS_REFUSED", "the far end's certificate is not one for servers"],
  CERT_HAS_EXPIRED: ["TLS_REFUSED", "the far end's certificate has expired: renew it, or check the clocks"],
  CERT_NOT_YET_VALID: ["TLS_REFUSED", "the far end's certificate is not valid yet: check the clocks"],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "TLS_REFUSED",
    "the far end's certificate is for other names: dial it by one of them, or have it signed again",
  ],
  ERR_SSL_WRONG_VERSION_NUMBER: [
    "TLS_MISMATCH",
    "the far end does not speak TLS there: give both sides a tls profile, or neither",
  ],
};

/**
 * The error for a dial that failed, in words for people. Errors of ours stay as they are.
 *
 * @param isTls whether this side speaks TLS; undefined: that says nothing about the far end.
 */
export function dialError(cause: unknown, isTls?: boolean): Error {
  if (cause instanceof FarhandError) return cause;
  const code = systemCode(cause) ?? "";
  if (code === "ECONNRESET" && isTls !== undefined) return hungUpError(isTls, cause);
  const [name, why] = explanations[code] ?? explain(code);
  // A host with several addresses fails with all their errors at once, which has a code but no text.
  const detail = plainTlsText(cause) || code;
  return new MeshError(name, why ? `${why} (${detail})` : detail, { cause });
}

/** The error for a far end that took our connection and hung up without a word. Every node speaks first (spec §3.4). */
export function hungUpError(isTls: boolean, cause?: unknown): MeshError {
  const why = "the far end hung up before it said a word";
  return isTls
    ? new MeshError("TLS_REFUSED", `${why}: does it accept our certificate? Its log says why`, { cause })
    : new MeshError("DIAL_FAILED", `${why}: does it want TLS?`, { cause });
}

/** The error for a session that broke. A listener that turns us away in TLS 1.3 says so when the handshake seems over. */
export function sessionError(cause: Error): Error {
  return /ALERT/.test(systemCode(cause) ?? "") ? dialError(cause) : cause;
}

function explain(code: string): readonly [code: MeshErrorCode, why: string | undefined] {
  if (/ALERT/.test(code)) return ["TLS_REFUSED", "the far end turned us away: does it require a client certificate?"];
  if (code.startsWith("ERR_SSL") || code === "EPROTO")
    return ["TLS_REFUSED", "the TLS handshake failed: does the far end speak TLS there?"];
  return ["DIAL_FAILED", undefined];
}
