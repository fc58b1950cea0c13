import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { errorText } from "./errors.ts";
import type { TlsClientProfile, TlsServerProfile } from "./tls.ts";
import { TlsProfileError } from "./tls-errors.ts";

/** Pinned fingerprints (spec §4.5) as lower-case hex without colons. @throws {TlsProfileError} */
export function parseFingerprints(pinned: readonly string[] = []): string[] {
  return pinned.map((text) => {
    const hex = text.replaceAll(":", "").toLowerCase();
    if (/^[0-9a-f]*$/.test(hex) && (hex.length === 64 || hex.length === 128)) return hex;
    throw new TlsProfileError(
      "TLS_PROFILE_INVALID",
      `fingerprints must be 32 or 64 bytes for sha256 or sha512, and "${text}" is not`,
    );
  });
}

/** Why this client must be turned away after its handshake, or undefined: what `node:tls` does not check itself. */
export function refuseTlsClient(profile: TlsServerProfile, socket: TLSSocket): string | undefined {
  const leaf = leafOf(socket);
  const verified = Boolean(profile.clientCas) && leaf !== undefined;
  if (verified && !socket.authorized)
    return `the client's certificate is not valid: ${errorText(socket.authorizationError)}`;
  return pinnedFault(leaf, profile.pinnedClientCert);
}

/** Why this server must not be talked to, or undefined: what `node:tls` does not check itself. */
export function refuseTlsServer(profile: TlsClientProfile, socket: TLSSocket): string | undefined {
  return pinnedFault(leafOf(socket), profile.pinnedServerCert);
}

/**
 * The other side's certificate in DER. Not by `getPeerX509Certificate`: a second call of it gives no leaf any more on a
 * client of Node 20.
 */
function leafOf(socket: TLSSocket): Buffer | undefined {
  const certificate = socket.getPeerCertificate() as { readonly raw?: Buffer } | null;
  return certificate?.raw;
}

/**
 * Why a certificate (DER) is none of those pinned, or undefined. Without pins every one will do, and none too.
 *
 * @throws {TlsProfileError} when a pin is no fingerprint.
 */
export function pinnedFault(leaf: Uint8Array | undefined, pinned: readonly string[] | undefined): string | undefined {
  const wanted = parseFingerprints(pinned);
  if (wanted.length === 0) return undefined;
  if (!leaf) return "no certificate was shown, and its fingerprint is pinned";
  const shown = ["sha256", "sha512"].map((algorithm) => createHash(algorithm).update(leaf).digest("hex"));
  if (shown.some((hex) => wanted.includes(hex))) return undefined;
  return `the certificate's SHA-256 fingerprint ${shown[0]} is not one of those pinned`;
}
