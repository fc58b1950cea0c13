import { type KeyObject, randomInt, X509Certificate } from "node:crypto";
import { MeshError } from "../errors.ts";
import { encodePem } from "./pem.ts";
import { authorityKeyId } from "./sign.ts";
import { encodeSubjectNames, type SubjectNames } from "./subject-names.ts";
import { type Validity, validityFrom } from "./validity.ts";
import { certificateFields } from "./x509-fields.ts";
import { bothRoles, commonNameOnly, extension, keyUsage, publicKeyBytes, writeCertificate } from "./x509-writing.ts";

/** Who signs. */
export interface Authority {
  /** PEM. */
  readonly certificate: string;
  readonly key: KeyObject;
}

/** Whom a certificate is for. What is in it the authority says, whatever its holder asked for. */
export interface Holder extends SubjectNames, Validity {
  readonly commonName: string;
  /** Either half. Whoever asks for a certificate has shown before that the private one is his. */
  readonly publicKey: KeyObject;
}

/**
 * A certificate for servers and clients of TLS, PEM; valid for one year unless it is said otherwise.
 *
 * @throws {MeshError} `CERTIFICATE_INVALID` for an authority that cannot sign, or without any name.
 */
export function issueCertificate(holder: Holder, authority: Authority, now = new Date()): string {
  const by = certificateOf(authority);
  if ([holder.dnsNames, holder.ipAddresses, holder.nodeIds].every(({ length }) => length === 0))
    throw new MeshError("CERTIFICATE_INVALID", "cannot sign: no names given");
  const { notBefore, notAfter } = validityFrom(holder, now, 1);
  const certificate = writeCertificate(
    {
      serial: serialOf(now),
      issuer: certificateFields(by.raw).subject,
      subject: commonNameOnly(holder.commonName),
      publicKey: publicKeyBytes(holder.publicKey),
      notBefore,
      notAfter,
      extensions: [keyUsage("1"), bothRoles, ...authorityKeyId(by), extension("2.5.29.17", encodeSubjectNames(holder))],
    },
    authority.key,
  );
  return encodePem("CERTIFICATE", certificate);
}

/** Looked at once for each authority: that costs as much as to sign. */
const certificates = new WeakMap<Authority, X509Certificate>();

function certificateOf(authority: Authority): X509Certificate {
  const known = certificates.get(authority);
  if (known) return known;
  const certificate = new X509Certificate(authority.certificate);
  if (!certificate.ca || !certificate.checkPrivateKey(authority.key))
    throw new MeshError("CERTIFICATE_INVALID", "the authority's certificate and key do not belong together");
  certificates.set(authority, certificate);
  return certificate;
}

/** Seconds, and 20 random bits: many are issued within one second. */
function serialOf(now: Date): number {
  return Math.floor(now.getTime() / 1000) * 2 ** 20 + randomInt(2 ** 20);
}
