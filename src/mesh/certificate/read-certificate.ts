import { X509Certificate } from "node:crypto";
import { MeshError } from "../errors.ts";
import { readChildren, readDer, tags } from "./der.ts";
import { isStrong } from "./signatures.ts";
import { certificateFields, type Extensions, extensionIds, idFrom, idOf } from "./x509-fields.ts";

/** What {@link verifyChain} asks of a certificate. */
export interface ReadCertificate {
  readonly x509: X509Certificate;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The roles it is made for; undefined when it does not say, and is for all. */
  readonly roles: ReadonlySet<string> | undefined;
  /** How many authorities may stand below it; undefined: any number. */
  readonly pathLength: number | undefined;
  /** It has a rule that must be understood and is not. */
  readonly hasUnknownCritical: boolean;
  /** Its signature is of a kind to be believed. */
  readonly isStrong: boolean;
  /** Its key is neither too weak to be believed nor so large that using it would be an attack. */
  readonly hasSoundKey: boolean;
}

const known = new Set<string>(Object.values(extensionIds));
const roleNames = new Map([
  [idOf("1.3.6.1.5.5.7.3.1"), ["server"]],
  [idOf("1.3.6.1.5.5.7.3.2"), ["client"]],
  [idOf("2.5.29.37.0"), ["server", "client"]],
]);

/** @throws {MeshError} `CERTIFICATE_INVALID` when the DER is no certificate. */
export function readCertificate(der: Uint8Array): ReadCertificate {
  const { algorithm, extensions } = certificateFields(der);
  const x509 = parsed(der);
  return {
    x509,
    notBefore: new Date(x509.validFrom),
    notAfter: new Date(x509.validTo),
    roles: rolesOf(extensions),
    pathLength: pathLengthOf(extensions),
    hasUnknownCritical: [...extensions].some(([id, { isCritical }]) => isCritical && !known.has(id)),
    isStrong: isStrong(algorithm),
    hasSoundKey: hasSoundKey(x509),
  };
}

function parsed(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new MeshError("CERTIFICATE_INVALID", "x509: malformed certificate", { cause });
  }
}

function rolesOf(extensions: Extensions): ReadonlySet<string> | undefined {
  const usage = extensions.get(extensionIds.extendedKeyUsage);
  if (!usage) return undefined;
  return new Set(readChildren(readDer(usage.value, tags.sequence)).flatMap((id) => roleNames.get(idFrom(id)) ?? []));
}

function pathLengthOf(extensions: Extensions): number | undefined {
  const constraints = extensions.get(extensionIds.basicConstraints);
  if (!constraints) return undefined;
  const length = readChildren(readDer(constraints.value, tags.sequence)).find(({ tag }) => tag === tags.integer);
  // More than one byte is more than any chain has.
  return length?.content.length === 1 ? length.content[0] : undefined;
}

function hasSoundKey(x509: X509Certificate): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey;
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return asymmetricKeyType?.startsWith("rsa") ? bits >= 1024 && bits <= 8192 : true;
  } catch {
    // A key of a kind that is not known here.
    return false;
  }
}
