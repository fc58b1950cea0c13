import type { KeyObject } from "node:crypto";
import { boolean, der, sequence } from "./der-writing.ts";
import { tags } from "./der.ts";
import { makeEcKey, makeKey } from "./keys.ts";
import { writeKeyFile, writePemFile } from "./pem-files.ts";
import { serialAt, type Validity, validityFrom } from "./validity.ts";
import {
  bothRoles,
  commonNameOnly,
  extension,
  keyUsage,
  publicKeyBytes,
  subjectKeyId,
  writeCertificate,
} from "./x509-writing.ts";

/** What `cert-init` is given (spec §5.6). */
export interface AuthorityOptions extends Validity {
  readonly commonName: string;
  /** Length of the RSA key. Absent: an ECDSA key on P-256, which signs thirty times as fast. */
  readonly bits?: number;
  readonly outCert: string;
  readonly outKey: string;
}

/**
 * Make a certificate authority: a key of its own and the certificate it signed itself, valid for ten years.
 *
 * @throws {MeshError} `CERTIFICATE_INVALID`, `CERTIFICATE_NOT_WRITTEN`
 */
export async function makeAuthority(options: AuthorityOptions, now = new Date()): Promise<void> {
  const { notBefore, notAfter } = validityFrom(options, now, 10);
  const key = options.bits === undefined ? await makeEcKey() : await makeKey(options.bits);
  const name = commonNameOnly(options.commonName);
  const certificate = writeCertificate(
    {
      serial: serialAt(now),
      issuer: name,
      subject: name,
      publicKey: publicKeyBytes(key),
      notBefore,
      notAfter,
      extensions: authorityExtensions(key),
    },
    key,
  );
  await writeKeyFile(options.outKey, key);
  await writePemFile(options.outCert, "CERTIFICATE", certificate);
}

function authorityExtensions(key: KeyObject): Uint8Array[] {
  return [
    // Digital signatures, certificates and revocation lists.
    keyUsage("1000011"),
    bothRoles,
    extension("2.5.29.19", sequence(boolean(true)), true),
    extension("2.5.29.14", der(tags.octetString, subjectKeyId(publicKeyBytes(key)))),
  ];
}
