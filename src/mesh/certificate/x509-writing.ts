import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { bitStringBytes, readChildren, readDer, tags } from "./der.ts";
import { boolean, der, integer, oid, sequence, tagged, time, utf8 } from "./der-writing.ts";
import { algorithmFor, signed } from "./signatures.ts";

/** What stands in a certificate. Names and key are DER already. */
export interface CertificateContent {
  readonly serial: number;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Uint8Array[];
}

/** A certificate (version 3) signed by `key`, DER. */
export function writeCertificate(content: CertificateContent, key: KeyObject): Uint8Array {
  const { serial, issuer, subject, publicKey, notBefore, notAfter, extensions } = content;
  const info = sequence(
    tagged(0, integer(2)),
    integer(serial),
    algorithmFor(key),
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    publicKey,
    ...(extensions.length > 0 ? [tagged(3, sequence(...extensions))] : []),
  );
  return signed(info, key);
}

/** A certificate request signed by `key`, DER. */
export function writeRequest(
  { subject, publicKey, extensions }: Pick<CertificateContent, "subject" | "publicKey" | "extensions">,
  key: KeyObject,
): Uint8Array {
  const asked = sequence(oid("1.2.840.113549.1.9.14"), der(tags.set, sequence(...extensions)));
  return signed(sequence(integer(0), subject, publicKey, tagged(0, ...(extensions.length > 0 ? [asked] : []))), key);
}

/** A distinguished name of a common name alone. */
export function commonNameOnly(commonName: string): Uint8Array {
  return sequence(der(tags.set, sequence(oid("2.5.4.3"), utf8(commonName))));
}

/** The public half of a key, or of a pair by its private one, as certificates hold it. */
export function publicKeyBytes(key: KeyObject): Uint8Array {
  const half = key.type === "private" ? createPublicKey(key) : key;
  return half.export({ type: "spki", format: "der" });
}

export function extension(id: string, value: Uint8Array, isCritical = false): Uint8Array {
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), der(tags.octetString, value));
}

/** The usual number of a public key: SHA-1 of its bytes (RFC 5280 §4.2.1.2). It names the key and protects nothing. */
export function subjectKeyId(publicKey: Uint8Array): Uint8Array {
  const [, key] = readChildren(readDer(publicKey, tags.sequence));
  return createHash("sha1").update(bitStringBytes(key)).digest();
}

/** Usages of a key; a text of bits as RFC 5280 §4.2.1.3 numbers them, from the left. */
export function keyUsage(bits: string): Uint8Array {
  const byte = Number.parseInt(bits.padEnd(8, "0"), 2);
  return extension("2.5.29.15", der(tags.bitString, Uint8Array.of(8 - bits.length, byte)), true);
}

/** For servers and clients of TLS alike. */
export const bothRoles = extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2")));
