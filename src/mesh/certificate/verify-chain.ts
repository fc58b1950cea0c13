import { rootCertificates } from "node:tls";
import { MeshError } from "../errors.ts";
import { type ReadCertificate, readCertificate } from "./read-certificate.ts";
import { parsePem } from "./pem.ts";

/** A chain as a TLS peer showed it, and what it is to prove. */
export interface ChainToVerify {
  /** DER, the leaf first. Certificates behind it that are not needed do no harm. */
  readonly chain: readonly Uint8Array[];
  /** Who is trusted, a PEM bundle; undefined: the well-known roots. Hand in the same object again: reading it is kept. */
  readonly cas: Buffer | undefined;
  /** The role the leaf must be made for. Without a list of roles it is for all. */
  readonly purpose: "server" | "client";
  readonly at: Date;
}

/** Certificates a peer may show, and the most that may stand between leaf and root. */
const longestChain = 10;
/** Signatures checked for one chain: certificates can be made to fit in very many ways. */
const mostSignatures = 100;

const unknownAuthority = "x509: certificate signed by unknown authority";

/**
 * Why a chain is not to be believed, in the words of Go's x509, or undefined when it is good. Every certificate up to a
 * trusted one must be valid at the time, allowed to sign and allowed for the purpose. Names are not looked at
 * ({@link checkNodeId}), nor revocation lists, which Receptor does not know either.
 */
export function verifyChain({ chain, cas, purpose, at }: ChainToVerify): string | undefined {
  if (chain.length === 0) return "tls: no certificates were shown";
  if (chain.length > longestChain) return `x509: a chain of ${chain.length} certificates is too long`;
  try {
    const trusted = trustedOf(cas);
    const [leaf, ...between] = chain.map((der) => read(der, trusted));
    if (!leaf) return unknownAuthority;
    const search: Search = { between, trusted, purpose, at, signatures: mostSignatures };
    return leafFault(leaf, search) ?? pathFault([leaf], search);
  } catch (error) {
    if (error instanceof MeshError) return error.message;
    throw error;
  }
}

interface Search {
  readonly between: readonly ReadCertificate[];
  readonly trusted: readonly ReadCertificate[];
  readonly purpose: ChainToVerify["purpose"];
  readonly at: Date;
  /** How many more may be checked. */
  signatures: number;
}

function leafFault(leaf: ReadCertificate, search: Search): string | undefined {
  return dateFault(leaf, search.at) ?? criticalFault(leaf) ?? roleFault(leaf, search);
}

/** Go on from the last certificate of a path to one that is trusted; the fault is that of the likeliest way. */
function pathFault(path: readonly ReadCertificate[], search: Search): string | undefined {
  const last = path.at(-1);
  if (!last || search.trusted.some((root) => isSame(root, last))) return undefined;
  if (path.length > longestChain) return unknownAuthority;
  let fault: string | undefined;
  for (const issuer of [...search.trusted, ...search.between]) {
    if (path.some((used) => isSame(used, issuer)) || !last.x509.checkIssued(issuer.x509)) continue;
    if (search.signatures-- <= 0)
      return "x509: signature check attempts limit reached while verifying certificate chain";
    const found = issuerFault(issuer, last, path.length - 1, search) ?? pathFault([...path, issuer], search);
    if (found === undefined) return undefined;
    fault ??= found;
  }
  return fault ?? unknownAuthority;
}

/** Why `issuer` may not have signed `signed`, with so many authorities between it and the leaf. */
function issuerFault(
  issuer: ReadCertificate,
  signed: ReadCertificate,
  below: number,
  search: Search,
): string | undefined {
  if (!signed.isStrong) return "x509: cannot verify signature: insecure algorithm";
  if (!issuer.hasSoundKey || !signed.x509.verify(issuer.x509.publicKey)) return unknownAuthority;
  if (!issuer.x509.ca) return "x509: certificate is not authorized to sign other certificates";
  if (issuer.pathLength !== undefined && below > issuer.pathLength)
    return "x509: too many intermediates for path length constraint";
  return dateFault(issuer, search.at) ?? criticalFault(issuer) ?? roleFault(issuer, search);
}

function dateFault({ notBefore, notAfter }: ReadCertificate, at: Date): string | undefined {
  const expired = "x509: certificate has expired or is not yet valid: current time";
  const now = goTime(at);
  // Asked this way round an unreadable date, which compares as false, is a fault.
  if (!(at >= notBefore)) return `${expired} ${now} is before ${goTime(notBefore)}`;
  return at <= notAfter ? undefined : `${expired} ${now} is after ${goTime(notAfter)}`;
}

function criticalFault({ hasUnknownCritical }: ReadCertificate): string | undefined {
  return hasUnknownCritical ? "x509: unhandled critical extension" : undefined;
}

function roleFault({ roles }: ReadCertificate, { purpose }: Search): string | undefined {
  return !roles || roles.has(purpose) ? undefined : "x509: certificate specifies an incompatible key usage";
}

function isSame(one: ReadCertificate, other: ReadCertificate): boolean {
  return one.x509.raw.equals(other.x509.raw);
}

function goTime(at: Date): string {
  return Number.isNaN(at.getTime()) ? "unknown" : at.toISOString().replace(/\.\d+/, "");
}

/** Most show their authority behind their own certificate, and that was read before. */
function read(der: Uint8Array, trusted: readonly ReadCertificate[]): ReadCertificate {
  return trusted.find(({ x509 }) => x509.raw.equals(der)) ?? readCertificate(der);
}

const readBefore = new WeakMap<Buffer, readonly ReadCertificate[]>();
let wellKnown: readonly ReadCertificate[] | undefined;

/** The trusted certificates, read once per bundle: each handshake asks for them. */
function trustedOf(cas: Buffer | undefined): readonly ReadCertificate[] {
  if (!cas) {
    wellKnown ??= readable(rootCertificates.join("\n"));
    return wellKnown;
  }
  const known = readBefore.get(cas);
  if (known) return known;
  const trusted = readable(cas.toString("latin1"));
  readBefore.set(cas, trusted);
  return trusted;
}

/** One authority that cannot be read is one less to trust, and no reason to fail. */
function readable(bundle: string): ReadCertificate[] {
  return parsePem(bundle).flatMap(({ label, der }) => {
    try {
      return label === "CERTIFICATE" ? [readCertificate(der)] : [];
    } catch (error) {
      if (error instanceof MeshError) return [];
      throw error;
    }
  });
}
