import { X509Certificate } from "node:crypto";
import type { Agent } from "node:http";
import { request } from "node:https";
import { isIP } from "node:net";
import { type DetailedPeerCertificate, TLSSocket } from "node:tls";
import { errorText, timeLimit } from "#core";
import { WorkerError } from "../errors.ts";

const handshakeMs = 15_000;

/**
 * The certificate of the authority with this pin, as the server shows it behind its own. Nothing is said to the server
 * yet: whether its own certificate is of that authority, and for its name, is found out when it is asked something with
 * this as the only authority.
 *
 * @param pin SHA-256 of the certificate, hex, colons allowed. @param agent of the HTTP proxy, where there is one.
 * @returns PEM. @throws {WorkerError} ENROLMENT_FAILED.
 */
export async function pinnedAuthority(
  url: URL,
  pin: string,
  agent: Agent | undefined,
  signal: AbortSignal,
): Promise<string> {
  const wanted = plainHex(pin);
  for (const certificate of await shownBy(url, agent, signal))
    if (plainHex(certificate.fingerprint256) === wanted) return pemOf(certificate.raw);
  throw failed(`${url.origin} ${notMeant}`);
}

const notMeant = "is not the server that is meant: none of the certificates it shows has the pinned fingerprint";

/**
 * What is wrong when certificates are pinned beside what else is trusted: each must be the server's own, or stand behind it.
 * One that is merely shown counts for nothing: anybody can show anybody's.
 *
 * @param leaf the server's, with its issuers.
 */
export function pinFault(leaf: DetailedPeerCertificate, pins: readonly string[]): Error | undefined {
  const vouching: string[] = [];
  let below: X509Certificate | undefined;
  for (const { raw } of chainOf(leaf)) {
    const certificate = new X509Certificate(raw);
    if (below && !below.verify(certificate.publicKey)) break;
    vouching.push(plainHex(certificate.fingerprint256));
    below = certificate;
  }
  return pins.every((pin) => vouching.includes(plainHex(pin))) ? undefined : new Error(`it ${notMeant}`);
}

function plainHex(fingerprint: string): string {
  return fingerprint
    .replace(/^sha256:/i, "")
    .replaceAll(":", "")
    .toLowerCase();
}

function shownBy(url: URL, agent: Agent | undefined, signal: AbortSignal): Promise<DetailedPeerCertificate[]> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const limit = timeLimit(handshakeMs, signal);
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(failed(`${url.origin} cannot be reached: ${why}`));
    // Only looked at: the request is never ended, so nothing of it is sent.
    const looking = request(url, {
      agent: agent ?? false,
      ...(isIP(host) === 0 && { servername: host }),
      rejectUnauthorized: false,
      signal: limit,
    });
    const look = (socket: TLSSocket): void => {
      const chain = chainOf(socket.getPeerCertificate(true));
      looking.destroy();
      resolve(chain);
    };
    looking.once("socket", (socket) => {
      if (!(socket instanceof TLSSocket)) return;
      // Not in Node's types: true until `secureConnect`. By a proxy, the handshake may be over.
      const { secureConnecting } = socket as TLSSocket & { readonly secureConnecting?: boolean };
      if (secureConnecting === false) look(socket);
      else socket.once("secureConnect", () => look(socket));
    });
    looking.on("error", (error) => fail(limit.aborted ? "no TLS handshake in time" : errorText(error)));
    looking.once("close", () => fail("the connection was closed before a certificate was shown"));
  });
}

function chainOf(leaf: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  for (let at: DetailedPeerCertificate | undefined = leaf; at?.raw && !chain.includes(at); at = at.issuerCertificate)
    chain.push(at);
  return chain;
}

function pemOf(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

const failed = (why: string): WorkerError => new WorkerError("ENROLMENT_FAILED", why);
