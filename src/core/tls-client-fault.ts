import type { TLSSocket } from "node:tls";
import { errorText, systemCode } from "./errors.ts";

const unknownAuthority = "its certificate is signed by an authority that is not among our clientcas";

/** By what `node:tls` found wrong with the certificate. */
const certificateFaults: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  CERT_SIGNATURE_FAILURE: unknownAuthority,
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  INVALID_PURPOSE: "its certificate is not one for clients",
};

/** By the code of the error. */
const handshakeFaults: Readonly<Record<string, string>> = {
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "it shows no certificate",
  ERR_SSL_HTTP_REQUEST: "it speaks plain HTTP",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it speaks only versions of TLS that are too old",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "it does not trust our certificate",
  ERR_TLS_HANDSHAKE_TIMEOUT: "it did not finish the handshake in time",
  ECONNRESET: "it hung up in the middle of the handshake; it may not trust our certificate",
};

/**
 * Why the handshake with a client of a TLS server of ours failed, in words for a log.
 *
 * @param error what the server's event `tlsClientError` says. Of a certificate that is not accepted it says nothing; that
 * stands in the socket.
 */
export function tlsClientFault(error: Error, socket: Pick<TLSSocket, "authorizationError">): string {
  // Typed as an error, and a text in fact.
  const certificate = socket.authorizationError as unknown;
  if (typeof certificate === "string" && certificate !== "")
    return certificateFaults[certificate] ?? `its certificate is not accepted (${certificate})`;
  return handshakeFaults[systemCode(error) ?? ""] ?? plainTlsText(error);
}

/** An error of OpenSSL without numbers, places in its source and line ends; any other error as it stands. */
export function plainTlsText(error: unknown): string {
  const reason = error instanceof Error && "reason" in error ? error.reason : undefined;
  return typeof reason === "string" && reason !== "" ? reason : errorText(error);
}
