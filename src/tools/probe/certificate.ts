import type { DetailedPeerCertificate } from "node:tls";
import type { JsonObject } from "#core";

/** No chain is that long, unless somebody wants us to follow it. */
const maxChain = 10;
const dayMs = 86_400_000;

/** A certificate of the chain, from the server's own towards the root. */
export interface ShownCertificate extends JsonObject {
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly sha256: string;
}

/** The chain a server has shown, as far as it went. A root signs itself: there it ends. */
export function chainOf(certificate: DetailedPeerCertificate): ShownCertificate[] {
  const chain: ShownCertificate[] = [];
  const seen = new Set<string>();
  for (
    let at: DetailedPeerCertificate | undefined = certificate;
    at && chain.length < maxChain;
    at = at.issuerCertificate
  ) {
    if (at.fingerprint256 === undefined || seen.has(at.fingerprint256)) break;
    seen.add(at.fingerprint256);
    chain.push({
      subject: nameOf(at.subject),
      issuer: nameOf(at.issuer),
      validFrom: isoOf(at.valid_from),
      validTo: isoOf(at.valid_to),
      sha256: at.fingerprint256.replaceAll(":", "").toLowerCase(),
    });
  }
  return chain;
}

/** Names it holds for: `DNS:` and `IP Address:` of its subject alternative names. */
export function namesOf({ subjectaltname }: Pick<DetailedPeerCertificate, "subjectaltname">): string[] {
  const parts = (subjectaltname ?? "").split(", ").map((part) => /^(?:DNS|IP Address):(.*)$/s.exec(part)?.[1]);
  return parts.filter((name) => name !== undefined).slice(0, 100);
}

/** Whole days until it is over; negative when it is. */
export function daysLeft(validTo: string, now: number): number {
  return Math.floor((Date.parse(validTo) - now) / dayMs);
}

function nameOf(name: { readonly [part: string]: string | string[] | undefined } | undefined): string {
  const parts = Object.entries(name ?? {}).map(([part, value]) => `${part}=${[value].flat().join("+")}`);
  return parts.join(", ").slice(0, 500);
}

function isoOf(date: string): string {
  const ms = Date.parse(date);
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
}
