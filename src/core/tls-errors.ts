import { type ErrorTable, FarhandError } from "./errors.ts";

/** What can be wrong with a TLS profile. */
export const tlsErrors = {
  TLS_FILE_UNREADABLE: {
    status: 500,
    exit: 3,
    meaning:
      "A certificate, key or CA file of a TLS profile cannot be read. Check the path and the permissions of the file.",
  },
  TLS_PROFILE_INVALID: {
    status: 500,
    exit: 3,
    meaning:
      "A TLS profile does not hold together: the key does not belong to the certificate, a file is not PEM, only one of cert and key is given, or a pinned fingerprint is not a SHA-256 or SHA-512 in hex.",
  },
} as const satisfies ErrorTable;

/** A TLS profile that cannot be used. */
export class TlsProfileError extends FarhandError {
  override readonly name = "TlsProfileError";
  declare readonly code: keyof typeof tlsErrors;

  constructor(code: keyof typeof tlsErrors, message: string, options?: ErrorOptions) {
    super(code, tlsErrors[code], message, options);
  }
}
