import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemCode, type TlsServerSource } from "#core";
import { type Authority, issueCertificate } from "#mesh";

/** Files of the server's own certificate, the authority's behind it. */
export interface OwnCertificate {
  readonly cert: string;
  readonly key: string;
  /** It was made just now. */
  readonly isNew: boolean;
}

const lifeMs = 365 * 24 * 3_600_000;

/** A certificate is made anew this long before it ends, milliseconds. */
const renewMs = 60 * 24 * 3_600_000;

/**
 * The certificate of the server's node and of its port, signed by its authority: made when there is none, when it ends
 * soon, and when it lacks one of the names. To be called now and then: who serves it reads it again when it changes.
 *
 * @param hosts names and addresses the server is reached by.
 */
export async function openOwnCertificate(
  folder: string,
  nodeId: string,
  hosts: readonly string[],
  authority: Authority,
  now: Date,
): Promise<OwnCertificate> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = { cert: join(folder, "server.crt"), key: join(folder, "server.key") };
  const key = await keyIn(files.key);
  const wanted = [...new Set(hosts)];
  if (await isGood(files.cert, key, wanted, now)) return { ...files, isNew: false };
  const certificate = issueCertificate(
    {
      commonName: nodeId,
      dnsNames: wanted.filter((host) => isIP(host) === 0),
      ipAddresses: wanted.filter((host) => isIP(host) !== 0),
      nodeIds: [nodeId],
      publicKey: key,
      // As those of workers: it is to be good also when the clock it was made by is set back (CAT-124).
      notBefore: new Date(new X509Certificate(authority.certificate).validFrom),
      notAfter: new Date(now.getTime() + lifeMs),
    },
    authority,
    now,
  );
  await writeWhole(files.cert, certificate + authority.certificate, 0o644);
  return { ...files, isNew: true };
}

async function keyIn(path: string): Promise<KeyObject> {
  const known = await readIfThere(path);
  if (known !== undefined) return createPrivateKey(known);
  const { privateKey } = await promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
  await writeWhole(path, privateKey.export({ type: "pkcs8", format: "pem" }).toString(), 0o600);
  return privateKey;
}

async function isGood(path: string, key: KeyObject, hosts: readonly string[], now: Date): Promise<boolean> {
  const text = await readIfThere(path);
  if (text === undefined) return false;
  const certificate = new X509Certificate(text);
  const named = (host: string): boolean =>
    (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
  return (
    certificate.checkPrivateKey(key) &&
    Date.parse(certificate.validTo) - now.getTime() > renewMs &&
    hosts.every((host) => named(host))
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await rename(`${path}.new`, path);
}

/**
 * What a worker can know a server with a certificate of its operator's by: SHA-256 in hex of the last certificate the port
 * shows, when that vouches for itself. Another chain ends at an authority which is not shown; then there is no pin.
 */
export function pinOf(source: TlsServerSource): string | undefined {
  const shown = source.material().cert?.toString() ?? "";
  const last = shown.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.at(-1);
  if (last === undefined) return undefined;
  const certificate = new X509Certificate(last);
  if (!certificate.checkIssued(certificate)) return undefined;
  return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}
