import { type KeyObject, sign, verify } from "node:crypto";
import { MeshError } from "../errors.ts";
import { bitStringBytes, type DerValue, readChildren, readDer, tags } from "./der.ts";
import { bitString, der, oid, sequence } from "./der-writing.ts";
import { idFrom, idOf } from "./x509-fields.ts";

interface Algorithm {
  readonly oid: string;
  /** For people, as Go has it. */
  readonly name: string;
  /** For `node:crypto`; null where the key says it. */
  readonly digest: string | null;
  readonly hasNull: boolean;
}

const rsaSha256: Algorithm = { oid: "1.2.840.113549.1.1.11", name: "SHA256-RSA", digest: "sha256", hasNull: true };
const ecdsaSha256: Algorithm = { oid: "1.2.840.10045.4.3.2", name: "ECDSA-SHA256", digest: "sha256", hasNull: false };
const ed25519: Algorithm = { oid: "1.3.101.112", name: "Ed25519", digest: null, hasNull: false };

const algorithms: readonly Algorithm[] = [
  rsaSha256,
  { oid: "1.2.840.113549.1.1.12", name: "SHA384-RSA", digest: "sha384", hasNull: true },
  { oid: "1.2.840.113549.1.1.13", name: "SHA512-RSA", digest: "sha512", hasNull: true },
  ecdsaSha256,
  { oid: "1.2.840.10045.4.3.3", name: "ECDSA-SHA384", digest: "sha384", hasNull: false },
  { oid: "1.2.840.10045.4.3.4", name: "ECDSA-SHA512", digest: "sha512", hasNull: false },
  ed25519,
];

const known = new Map(algorithms.map((algorithm) => [idOf(algorithm.oid), algorithm]));
const strongDigests = ["2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"].map(idOf);
const rsaPss = idOf("1.2.840.113549.1.1.10");

/** The AlgorithmIdentifier this key signs with. @throws {MeshError} for kinds of keys that sign no certificates here. */
export function algorithmFor(key: KeyObject): Uint8Array {
  const { oid: dotted, hasNull } = ownAlgorithm(key);
  return sequence(oid(dotted), ...(hasNull ? [der(tags.null)] : []));
}

/** The three-part body of certificates and requests: what is signed, how, and the signature. */
export function signed(info: Uint8Array, key: KeyObject): Uint8Array {
  return sequence(info, algorithmFor(key), bitString(sign(ownAlgorithm(key).digest, info, key)));
}

/** Whether a request's signature is its key's own. @throws {MeshError} when it is malformed or of an unknown kind. */
export function isSignedBy(info: Uint8Array, how: DerValue, signature: DerValue | undefined, key: KeyObject): boolean {
  const algorithm = known.get(idFrom(readChildren(how)[0]));
  if (!algorithm) throw new MeshError("CERTIFICATE_INVALID", "x509: cannot verify signature: algorithm unimplemented");
  const bytes = bitStringBytes(signature);
  try {
    return verify(algorithm.digest, info, key, bytes);
  } catch {
    // A key that signs nothing, or nothing of this kind: the request only says so.
    return false;
  }
}

/** The name of an AlgorithmIdentifier. */
export function algorithmName(how: DerValue): string {
  return known.get(idFrom(readChildren(how)[0]))?.name ?? "unknown";
}

/** Whether signatures of this AlgorithmIdentifier may be believed: nothing of MD5 or SHA-1. @throws {MeshError} */
export function isStrong(how: DerValue): boolean {
  const [id, parameters] = readChildren(how);
  if (idFrom(id) !== rsaPss) return known.has(idFrom(id));
  // Without a digest of its own PSS means SHA-1.
  const digest = parameters && readChildren(parameters).find(({ tag }) => tag === 0xa0);
  const [digestId] = digest ? readChildren(readDer(digest.content, tags.sequence)) : [];
  return digestId !== undefined && strongDigests.includes(idFrom(digestId));
}

function ownAlgorithm(key: KeyObject): Algorithm {
  const kinds: Readonly<Record<string, Algorithm>> = { rsa: rsaSha256, ec: ecdsaSha256, ed25519 };
  const algorithm = kinds[key.asymmetricKeyType ?? ""];
  if (algorithm) return algorithm;
  throw new MeshError("CERTIFICATE_INVALID", `a key of kind ${key.asymmetricKeyType} cannot sign certificates`);
}
