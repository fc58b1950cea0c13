import { errorText, FarhandError, systemCode } from "#core";
import { CliError } from "../errors.ts";

const certificateFaults: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by an authority we do not trust",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is signed by an authority we do not trust",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is signed by an authority we do not trust",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by an authority we do not trust",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself only",
  CERT_SIGNATURE_FAILURE: "its certificate is signed by an authority we do not trust",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet; is this machine's clock right?",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  INVALID_PURPOSE: "its certificate is not one for servers",
};

/** Of what no other authority or fingerprint mends. */
const timeRemedies: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "look at this machine's clock; where it is right, the server's keeper renews the certificate",
  CERT_NOT_YET_VALID: "set this machine's clock right; where it is, the server's is wrong",
};

const connectFaults: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "its name cannot be looked up now",
  ECONNRESET: "it hung up",
  EPIPE: "it hung up",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
  ETIMEDOUT: "it does not answer",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS",
  HPE_INVALID_CONSTANT: "it does not speak HTTP",
};

/** Whether a TLS handshake failed over the certificate of the server. */
export function isCertificateFault(error: unknown): boolean {
  return Object.hasOwn(certificateFaults, systemCode(error) ?? "");
}

/** Why there is no connection to a server, as an error of ours; ours come back as they are. */
export function connectFault(url: URL, error: unknown): Error {
  if (error instanceof FarhandError) return error;
  if (isAborted(error)) return error;
  const code = systemCode(error) ?? "";
  const fault = certificateFaults[code];
  if (fault !== undefined) return untrusted(url, fault, error, timeRemedies[code]);
  const why = connectFaults[code] ?? errorText(error);
  return new CliError("SERVER_UNREACHABLE", `the server ${url.host} cannot be reached: ${why}`, { cause: error });
}

/** The server is not, or may not be, the one it should be. */
export function untrusted(url: URL, why: string, cause?: unknown, remedy?: string): CliError {
  const text = `the server ${url.host} is not trusted: ${why}`;
  return new CliError("SERVER_UNTRUSTED", text, { cause, ...(remedy !== undefined && { remedy }) });
}

function isAborted(error: unknown): error is Error {
  return error instanceof Error && error.name === "AbortError";
}
