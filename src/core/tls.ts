import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import {
  type ConnectionOptions,
  createSecureContext,
  rootCertificates,
  type SecureContextOptions,
  type TlsOptions,
} from "node:tls";
import { errorText } from "./errors.ts";
import { TlsProfileError } from "./tls-errors.ts";
import { parseFingerprints } from "./tls-pins.ts";

/** A `tls-server` section (spec §4.5, §5.4). `cert`, `key` and `clientCas` are paths of PEM files. */
export interface TlsServerProfile {
  readonly cert: string;
  readonly key: string;
  /** Refuse clients that show no certificate. Without it a certificate that is shown is still verified. */
  readonly requireClientCert?: boolean | undefined;
  /** Who may sign client certificates; absent: the well-known roots. */
  readonly clientCas?: string | undefined;
  /** SHA-256 or SHA-512 fingerprints (hex, colons allowed). One must match besides the chain. */
  readonly pinnedClientCert?: readonly string[] | undefined;
  readonly minTls13?: boolean | undefined;
}

/** A `tls-client` section (spec §4.5, §5.4). `cert`, `key` and `rootCas` are paths of PEM files. */
export interface TlsClientProfile {
  /** Given together with `key` or not at all; empty counts as not given. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Who may sign server certificates; absent: the well-known roots. */
  readonly rootCas?: string | undefined;
  /** Besides `rootCas`, the well-known roots too, and those that `NODE_EXTRA_CA_CERTS` adds to them. */
  readonly wellKnownRoots?: boolean | undefined;
  /** Verify nothing about the server but its pinned fingerprints. */
  readonly insecureSkipVerify?: boolean | undefined;
  /** Verify the chain but not the host name, as receptorctl does under `--insecureskipverify` (spec §6.1). */
  readonly skipHostNameCheck?: boolean | undefined;
  /** SHA-256 or SHA-512 fingerprints (hex, colons allowed). One must match besides the chain. */
  readonly pinnedServerCert?: readonly string[] | undefined;
  readonly minTls13?: boolean | undefined;
}

/** Contents of a profile's files, PEM. `cert` with the intermediates behind it, `ca` with one certificate or many. */
export interface TlsMaterial {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly ca?: Buffer;
}

/** Paths of a profile's files, by what they hold. */
type TlsFiles = { readonly [name in keyof TlsMaterial]: string };

/**
 * TLS 1.2 suites and key exchange groups of Receptor (spec §4.5); the TLS 1.3 suites are OpenSSL's own. Of the groups the
 * cheap one stands first, where Receptor has P-521: every Receptor takes it, and a handshake costs half.
 */
const suites =
  "ECDHE-RSA-AES256-GCM-SHA384:AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256";
const groups = "P-256:P-384:P-521";

/** The files of a server profile. */
export function tlsServerFiles({ cert, key, clientCas }: TlsServerProfile): TlsFiles {
  return { cert, key, ...(clientCas ? { ca: clientCas } : {}) };
}

/** The files of a client profile. @throws {TlsProfileError} when certificate and key are not given together. */
export function tlsClientFiles({ cert, key, rootCas }: TlsClientProfile): TlsFiles {
  if (Boolean(cert) !== Boolean(key))
    throw new TlsProfileError("TLS_PROFILE_INVALID", "cert and key must both be supplied or neither");
  return { ...(cert && key ? { cert, key } : {}), ...(rootCas ? { ca: rootCas } : {}) };
}

/** Read the files now. @throws {TlsProfileError} */
export function readTlsMaterial(files: TlsFiles): TlsMaterial {
  return Object.fromEntries(Object.entries(files).map(([name, path]) => [name, readPem(path)]));
}

/**
 * Options for `tls.createServer`. Reads the files now, so a fault shows at start and not at the first handshake.
 *
 * A connection that came through still needs {@link refuseTlsClient}.
 *
 * @throws {TlsProfileError}
 */
export function tlsServerOptions(
  profile: TlsServerProfile,
  material: TlsMaterial = readTlsMaterial(tlsServerFiles(profile)),
): TlsOptions {
  const pinned = parseFingerprints(profile.pinnedClientCert).length > 0;
  const needed = profile.requireClientCert === true || pinned;
  return {
    ...checked({ ...material, ...versions(profile) }, () => tlsServerFiles(profile)),
    requestCert: needed || Boolean(profile.clientCas),
    rejectUnauthorized: needed,
  };
}

/**
 * Options for `tls.connect` to `host`. Reads the files now.
 *
 * A connection that came through still needs {@link refuseTlsServer}.
 *
 * @throws {TlsProfileError}
 */
export function tlsClientOptions(
  profile: TlsClientProfile,
  host: string,
  material: TlsMaterial = readTlsMaterial(tlsClientFiles(profile)),
): ConnectionOptions {
  parseFingerprints(profile.pinnedServerCert);
  return {
    ...checked({ ...material, ...caOf(profile, material), ...versions(profile) }, () => tlsClientFiles(profile)),
    host,
    // An address is no name: the standard forbids it as a server name, and Node warns.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: profile.insecureSkipVerify !== true,
    ...(profile.skipHostNameCheck ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** Naming an authority takes all others away: where both are to count, all are named. */
function caOf({ wellKnownRoots }: TlsClientProfile, { ca }: TlsMaterial): SecureContextOptions {
  if (!wellKnownRoots || ca === undefined) return {};
  const extra = process.env["NODE_EXTRA_CA_CERTS"];
  return { ca: [ca, ...rootCertificates, ...(extra ? [readPem(extra)] : [])] };
}

function versions({ minTls13 }: { minTls13?: boolean | undefined }): SecureContextOptions {
  return minTls13 ? { minVersion: "TLSv1.3" } : { minVersion: "TLSv1.2", ciphers: suites, ecdhCurve: groups };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TlsProfileError("TLS_FILE_UNREADABLE", `cannot read TLS file ${path}: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/** The options again, once OpenSSL has accepted them. */
function checked(options: SecureContextOptions, files: () => TlsFiles): SecureContextOptions {
  try {
    createSecureContext(options);
    return options;
  } catch (error) {
    const named = Object.values(files()).join(", ");
    const text = `the certificate, its key or the CA file cannot be used together${named && ` (${named})`}`;
    throw new TlsProfileError("TLS_PROFILE_INVALID", `${text}: ${errorText(error)}`, { cause: error });
  }
}
