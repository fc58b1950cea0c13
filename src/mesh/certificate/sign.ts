import { createPublicKey, type X509Certificate } from "node:crypto";
import { MeshError } from "../errors.ts";
import { readDer, tags } from "./der.ts";
import { der, sequence } from "./der-writing.ts";
import { readCertificateFile, readKeyFile, readRequestFile, writePemFile } from "./pem-files.ts";
import { describeRequest } from "./request-text.ts";
import { isSignedBy } from "./signatures.ts";
import { decodeSubjectNames, encodeSubjectNames, type SubjectNames } from "./subject-names.ts";
import { serialAt, type Validity, validityFrom } from "./validity.ts";
import { certificateFields, extensionIds, type RequestFields } from "./x509-fields.ts";
import { bothRoles, extension, keyUsage, writeCertificate } from "./x509-writing.ts";

/** What `cert-signreq` is given (spec §5.6). */
export interface SignOptions extends Validity {
  readonly req: string;
  readonly caCert: string;
  readonly caKey: string;
  readonly outCert: string;
  /** Asked with the request's details before it is signed; absent: it is signed unasked. */
  readonly confirm?: ((details: string) => Promise<boolean>) | undefined;
}

/**
 * Sign a request with an authority's key; valid for one year, for servers and clients.
 *
 * Of what the request asks for only its names are taken over, and of those only the kinds that are shown.
 *
 * @throws {MeshError} `CERTIFICATE_INVALID`, `CERTIFICATE_NOT_WRITTEN`, `SIGNING_DECLINED`
 */
export async function signRequest(options: SignOptions, now = new Date()): Promise<void> {
  const { notBefore, notAfter } = validityFrom(options, now, 1);
  const authority = await readAuthority(options);
  const request = await readRequestFile(options.req);
  const names = checkedNames(options.req, request);
  if (options.confirm && !(await options.confirm(describeRequest(request, names))))
    throw new MeshError("SIGNING_DECLINED", "user declined");
  const certificate = writeCertificate(
    {
      serial: serialAt(now),
      issuer: certificateFields(authority.certificate.raw).subject,
      subject: request.subject,
      publicKey: request.publicKey,
      notBefore,
      notAfter,
      extensions: [
        keyUsage("1"),
        bothRoles,
        ...authorityKeyId(authority.certificate),
        extension("2.5.29.17", encodeSubjectNames(names)),
      ],
    },
    authority.key,
  );
  await writePemFile(options.outCert, "CERTIFICATE", certificate);
}

async function readAuthority({ caCert, caKey }: SignOptions) {
  const certificate = await readCertificateFile(caCert);
  const key = await readKeyFile(caKey);
  if (!certificate.checkPrivateKey(key)) {
    const message = `x509: provided PrivateKey doesn't match parent's PublicKey (${caKey}, ${caCert})`;
    throw new MeshError("CERTIFICATE_INVALID", message);
  }
  if (!certificate.ca)
    throw new MeshError("CERTIFICATE_INVALID", `${caCert}: certificate is not authorized to sign other certificates`);
  return { certificate, key };
}

/** The names of a request that its own key signed, so that nobody has another's key certified. */
function checkedNames(
  path: string,
  { info, algorithm, signature, publicKey, extensions }: RequestFields,
): SubjectNames {
  if (!isSignedBy(info, algorithm, signature, keyIn(path, publicKey)))
    throw new MeshError("CERTIFICATE_INVALID", `the request in ${path} is not signed by its own key`);
  const asked = extensions.get(extensionIds.subjectAltName);
  const names = asked && decodeSubjectNames(asked.value);
  if (names && [names.dnsNames, names.ipAddresses, names.nodeIds].some(({ length }) => length > 0)) return names;
  throw new MeshError("CERTIFICATE_INVALID", "cannot sign: no names found in certificate");
}

function keyIn(path: string, publicKey: Uint8Array) {
  try {
    return createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
  } catch (cause) {
    throw new MeshError("CERTIFICATE_INVALID", `cannot read the key in ${path}`, { cause });
  }
}

/** How verifiers find the authority's certificate, where that has a number for its key. */
export function authorityKeyId(authority: X509Certificate): Uint8Array[] {
  const number = certificateFields(authority.raw).extensions.get(extensionIds.subjectKey);
  if (!number) return [];
  const { content } = readDer(number.value, tags.octetString);
  return [extension("2.5.29.35", sequence(der(0x80, content)))];
}
