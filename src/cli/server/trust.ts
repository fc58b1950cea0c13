import { createHash, X509Certificate } from "node:crypto";
import { connect, type ConnectionOptions, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { isIP } from "node:net";
import { CliError } from "../errors.ts";

/** By what a server is known to be the one it should be. */
export type Trust =
  /** A certificate the roots of this machine vouch for. */
  | { readonly kind: "roots" }
  /** One signed by this authority (PEM), and for the server's name. */
  | { readonly kind: "authority"; readonly pem: string }
  /** This very certificate: SHA-256 in hex, small letters. */
  | { readonly kind: "certificate"; readonly sha256: string };

/** Read back from a file. */
export function isTrust(value: unknown): value is Trust {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  if (value.kind === "authority") return "pem" in value && typeof value.pem === "string";
  if (value.kind === "certificate") return "sha256" in value && /^[0-9a-f]{64}$/.test(String(value.sha256));
  return value.kind === "roots";
}

/** Options of a TLS connection to `host`; it still needs {@link trustFault}. */
export function tlsOptions(trust: Trust, host: string): ConnectionOptions {
  // An address is no name: the standard forbids it as a server name.
  const name = isIP(host) === 0 ? { servername: host } : {};
  const roots = trust.kind === "authority" ? { ca: trust.pem } : {};
  return { ...name, ...roots, minVersion: "TLSv1.2", rejectUnauthorized: trust.kind !== "certificate" };
}

/** Why the server must not be talked to although the handshake went well; undefined: it may. */
export function trustFault(trust: Trust, socket: TLSSocket): string | undefined {
  if (trust.kind !== "certificate") return undefined;
  const { raw } = socket.getPeerCertificate() as Partial<DetailedPeerCertificate>;
  const shown = raw === undefined ? "nothing" : sha256Of(raw);
  return shown === trust.sha256 ? undefined : `its certificate is another one than before (sha256:${shown})`;
}

/** `sha256:` and hex, in either case, with or without colons. @throws {CliError} `USAGE` */
export function parsePin(text: string): string {
  const hex = text
    .replace(/^sha256:/i, "")
    .replaceAll(":", "")
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw new CliError("USAGE", "--pin is no fingerprint", { remedy: "--pin sha256: and 64 hex digits" });
}

/** What a server shows of itself, from its own certificate up. Nothing of it has been verified. */
export async function shownChain(host: string, port: number, signal: AbortSignal): Promise<Buffer[]> {
  const socket = connect({ host, port, ...tlsOptions({ kind: "roots" }, host), rejectUnauthorized: false });
  const end = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener("abort", end, { once: true });
  try {
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    return chainOf(socket.getPeerCertificate(true));
  } finally {
    signal.removeEventListener("abort", end);
    socket.destroy();
  }
}

function chainOf(leaf: Partial<DetailedPeerCertificate>): Buffer[] {
  const chain: Buffer[] = [];
  // A root is its own issuer, which would never end.
  for (let at: Partial<DetailedPeerCertificate> | undefined = leaf; at?.raw && chain.length < 10; ) {
    if (chain.some((seen) => seen.equals(at?.raw ?? seen))) break;
    chain.push(at.raw);
    at = at.issuerCertificate;
  }
  return chain;
}

/** The trust in one certificate of a chain: a root vouches for others, any other one for nothing but itself. */
export function trustIn(chain: readonly Buffer[], certificate: Buffer): Trust {
  const isServers = chain[0]?.equals(certificate) === true;
  const x509 = new X509Certificate(certificate);
  if (isServers || !x509.ca || !x509.checkIssued(x509)) return { kind: "certificate", sha256: sha256Of(certificate) };
  return { kind: "authority", pem: x509.toString() };
}

/** The certificate people are asked about: the root of the chain when it is shown, otherwise the server's own. */
export function certificateToAskAbout(chain: readonly Buffer[]): Buffer | undefined {
  const last = chain.at(-1);
  return last && trustIn(chain, last).kind === "authority" ? last : chain[0];
}

/** SHA-256 of a certificate (DER), hex. */
export function sha256Of(certificate: Uint8Array): string {
  return createHash("sha256").update(certificate).digest("hex");
}
