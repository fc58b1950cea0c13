import { isIP } from "node:net";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { errorText } from "#core";
import { WorkerError } from "../errors.ts";

const handshakeMs = 15_000;

/**
 * The certificate of the authority with this pin, as the server shows it behind its own. Nothing is said to the server
 * yet: whether its own certificate is of that authority, and for its name, is found out when it is asked something with
 * this as the only authority.
 *
 * @param pin SHA-256 of the certificate, hex.
 * @returns PEM. @throws {WorkerError} ENROLMENT_FAILED.
 */
export async function pinnedAuthority(url: URL, pin: string, signal: AbortSignal): Promise<string> {
  const wanted = pin.toLowerCase();
  for (const certificate of await shownBy(url, signal))
    if (certificate.fingerprint256.replaceAll(":", "").toLowerCase() === wanted) return pemOf(certificate.raw);
  throw failed(`${url.origin} is not the server the token is from: its authority has another fingerprint`);
}

function shownBy(url: URL, signal: AbortSignal): Promise<DetailedPeerCertificate[]> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || 443);
  const name = isIP(host) === 0 ? { servername: host } : {};
  return new Promise((resolve, reject) => {
    // Only looked at: nothing is sent over it.
    const socket = connect({ host, port, ...name, rejectUnauthorized: false });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(handshakeMs)]);
    const stop = (): void => void socket.destroy(new Error("no TLS handshake in time"));
    limit.addEventListener("abort", stop, { once: true });
    socket.once("secureConnect", () => {
      const chain = chainOf(socket.getPeerCertificate(true));
      socket.destroy();
      resolve(chain);
    });
    socket.on("error", (error) => reject(failed(`${url.origin} cannot be reached: ${errorText(error)}`)));
    socket.once("close", () => {
      limit.removeEventListener("abort", stop);
      reject(failed(`${url.origin} closed the connection before it showed its certificate`));
    });
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
