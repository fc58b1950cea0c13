import { once } from "node:events";
import { isIP, type Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { JsonObject } from "#core";
import { msSince } from "./attempts.ts";
import { chainOf, daysLeft, namesOf } from "./certificate.ts";

/** How a handshake is done. */
export interface HandshakeOptions {
  /** Name that is asked for and checked. */
  readonly serverName: string;
  readonly ca?: string | undefined;
  readonly alpn?: readonly string[];
}

/** A connection with TLS on it. */
export interface Handshake {
  readonly socket: TLSSocket;
  /** Why the certificate does not hold; undefined when it does. */
  readonly fault: string | undefined;
  /** Protocol, cipher, chain, names, days left, time it took. */
  readonly fields: JsonObject;
}

/**
 * Shake hands, whatever certificate is shown: what is wrong with it is told rather than refused, for that is what is asked.
 *
 * Nothing is sent on it by this function.
 */
export async function shakeHands(socket: Socket, options: HandshakeOptions, signal: AbortSignal): Promise<Handshake> {
  const { serverName, ca, alpn } = options;
  const start = performance.now();
  const tls = connect({
    socket,
    rejectUnauthorized: false,
    // A name is sent; an address must not be (RFC 6066 §3), and is checked all the same.
    ...(isIP(serverName) === 0 ? { servername: serverName } : { host: serverName }),
    ...(ca !== undefined && { ca }),
    ...(alpn && { ALPNProtocols: [...alpn] }),
  });
  tls.on("error", () => undefined);
  await once(tls, "secureConnect", { signal });
  const tlsMs = msSince(start);
  const certificate = tls.getPeerCertificate(true);
  const chain = chainOf(certificate);
  const [own] = chain;
  return {
    socket: tls,
    fault: tls.authorized ? undefined : faultOf(tls.authorizationError),
    fields: {
      tlsMs,
      ...{ protocol: tls.getProtocol() ?? "", cipher: tls.getCipher().standardName, authorized: tls.authorized },
      ...(typeof tls.alpnProtocol === "string" && { alpn: tls.alpnProtocol }),
      ...(own && { daysLeft: daysLeft(own.validTo, Date.now()), names: namesOf(certificate) }),
      chain,
    },
  };
}

const faults: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the certificate is over",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate is signed by an authority that is not believed",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate is signed by an authority that is not known",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate is signed by an authority that is not known",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for other names",
};

function faultOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return faults[code] ?? `the certificate does not hold (${code})`;
}
