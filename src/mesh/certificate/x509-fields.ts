import { MeshError } from "../errors.ts";
import { type DerValue, expectTag, readChildren, readDer, tags } from "./der.ts";
import { oid } from "./der-writing.ts";

/** One extension of a certificate. */
export interface Extension {
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

/** Extensions by their object identifier, which is the DER of it in hex ({@link extensionIds}). */
export type Extensions = ReadonlyMap<string, Extension>;

/** What is read of a certificate. The names are raw DER, so that copies are exact. */
export interface CertificateFields {
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  /** AlgorithmIdentifier of the signature. */
  readonly algorithm: DerValue;
  readonly extensions: Extensions;
}

/** What is read of a certificate request. */
export interface RequestFields {
  /** What was signed. */
  readonly info: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly algorithm: DerValue;
  readonly signature: DerValue | undefined;
  readonly extensions: Extensions;
}

/** Extensions that are understood here. */
export const extensionIds = {
  subjectKey: idOf("2.5.29.14"),
  keyUsage: idOf("2.5.29.15"),
  subjectAltName: idOf("2.5.29.17"),
  basicConstraints: idOf("2.5.29.19"),
  policies: idOf("2.5.29.32"),
  authorityKey: idOf("2.5.29.35"),
  extendedKeyUsage: idOf("2.5.29.37"),
} as const;

/** The attribute of a request that holds extensions. */
const extensionRequest = idOf("1.2.840.113549.1.9.14");

/** An object identifier as the keys of {@link Extensions} are. */
export function idOf(dotted: string): string {
  return Buffer.from(oid(dotted)).toString("hex");
}

/** The key of an object identifier that was read. @throws {MeshError} when it is none. */
export function idFrom(value: DerValue | undefined): string {
  return Buffer.from(expectTag(value, tags.oid).whole).toString("hex");
}

/** @throws {MeshError} `CERTIFICATE_INVALID` when the bytes are no certificate. */
export function certificateFields(bytes: Uint8Array): CertificateFields {
  const [info, algorithm] = readChildren(readDer(bytes, tags.sequence));
  const fields = readChildren(expectTag(info, tags.sequence));
  // Version 1 leaves its number out, and has no extensions.
  const [, , issuer, , subject, publicKey] = fields[0]?.tag === 0xa0 ? fields.slice(1) : fields;
  const extensions = fields.find(({ tag }) => tag === 0xa3);
  return {
    issuer: expectTag(issuer, tags.sequence).whole,
    subject: expectTag(subject, tags.sequence).whole,
    publicKey: expectTag(publicKey, tags.sequence).whole,
    algorithm: expectTag(algorithm, tags.sequence),
    extensions: extensions ? extensionsIn(readDer(extensions.content, tags.sequence)) : new Map(),
  };
}

/** @throws {MeshError} `CERTIFICATE_INVALID` when the bytes are no certificate request. */
export function requestFields(bytes: Uint8Array): RequestFields {
  const [info, algorithm, signature] = readChildren(readDer(bytes, tags.sequence));
  const [, subject, publicKey, attributes] = readChildren(expectTag(info, tags.sequence));
  const asked = attributes && readChildren(expectTag(attributes, 0xa0)).map(readChildren);
  const [, values] = asked?.find(([id]) => idFrom(id) === extensionRequest) ?? [];
  return {
    info: expectTag(info, tags.sequence).whole,
    subject: expectTag(subject, tags.sequence).whole,
    publicKey: expectTag(publicKey, tags.sequence).whole,
    algorithm: expectTag(algorithm, tags.sequence),
    signature,
    extensions: values ? extensionsIn(readDer(expectTag(values, tags.set).content, tags.sequence)) : new Map(),
  };
}

function extensionsIn(list: DerValue): Extensions {
  const extensions = new Map<string, Extension>();
  for (const item of readChildren(list)) {
    const [id, ...rest] = readChildren(expectTag(item, tags.sequence));
    const critical = rest[0]?.tag === tags.boolean ? rest.shift() : undefined;
    const key = idFrom(id);
    // Whoever reads the other one of two would see another certificate than we do.
    if (extensions.has(key))
      throw new MeshError("CERTIFICATE_INVALID", "x509: certificate contains duplicate extensions");
    extensions.set(key, {
      isCritical: critical !== undefined && critical.content[0] !== 0,
      value: expectTag(rest[0], tags.octetString).content,
    });
  }
  return extensions;
}
