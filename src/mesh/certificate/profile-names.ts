import { X509Certificate } from "node:crypto";
import { type TlsClientProfile, TlsProfileError, type TlsServerProfile, tlsClientSource, tlsServerSource } from "#core";
import { nodeIdsOfCertificate } from "./node-id-names.ts";
import { printable } from "./printable.ts";

/** A profile and its section's name, as {@link checkProfileNames} is to look at it. */
export type CheckedProfile = { readonly name: string; readonly skipNamesCheck: boolean } & (
  | { readonly kind: "server"; readonly profile: TlsServerProfile }
  | { readonly kind: "client"; readonly profile: TlsClientProfile }
);

/**
 * The checks of start-up (spec §4.5): files that can be read, a key that belongs to its certificate, and a certificate
 * that names this node unless that is not asked. A client without a certificate names nobody and is fine.
 *
 * @throws {TlsProfileError} in Receptor's words, for the first profile at fault.
 */
export function checkProfileNames(nodeId: string, profiles: readonly CheckedProfile[]): void {
  for (const checked of profiles) {
    try {
      checkProfile(nodeId, checked);
    } catch (error) {
      if (!(error instanceof TlsProfileError)) throw error;
      const message = `error preparing tls ${checked.kind} config: ${error.message}`;
      throw new TlsProfileError(error.code, message, { cause: error });
    }
  }
}

function checkProfile(nodeId: string, checked: CheckedProfile): void {
  const source = checked.kind === "server" ? tlsServerSource(checked.profile) : tlsClientSource(checked.profile);
  // Options and not only contents: pins and the fit of key and certificate show there.
  source.check();
  const { cert } = source.material();
  if (!cert || checked.skipNamesCheck) return;
  const names = nodeIdsOfCertificate(new X509Certificate(cert).raw);
  if (names.includes(nodeId)) return;
  const found = `names found=[${names.map(printable).join(" ")}]`;
  const where = `cfg section=${checked.name}; server cert=${checked.profile.cert}`;
  throw new TlsProfileError(
    "TLS_PROFILE_INVALID",
    `nodeID=${nodeId} not found in certificate name(s); ${found}; ${where}`,
  );
}
