import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A certificate and its key: paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A throw-away certificate authority and what it has signed. */
export interface TestCertificates {
  /** Path of the CA's certificate. */
  readonly ca: string;
  /** For `localhost`, `127.0.0.1` and `::1`, or the names that were wanted. */
  readonly server: CertificateFiles;
  readonly client: CertificateFiles;
}

/** Make a CA, a server and a client certificate in an existing folder, by the `openssl` command. Valid for two days. */
export async function makeCertificates(
  folder: string,
  names = "DNS:localhost,IP:127.0.0.1,IP:::1",
): Promise<TestCertificates> {
  // The system's configuration would add extensions of its own.
  writeFileSync(join(folder, "openssl.cnf"), "[req]\ndistinguished_name = name\n[name]\n");
  const ca = await makeCertificate(folder, "ca", ["basicConstraints=critical,CA:true", "keyUsage=keyCertSign,cRLSign"]);
  const server = [`subjectAltName=${names}`, "extendedKeyUsage=serverAuth"];
  return {
    ca: ca.cert,
    server: await makeCertificate(folder, "server", server, ca),
    client: await makeCertificate(folder, "client", ["extendedKeyUsage=clientAuth"], ca),
  };
}

/** SHA-256 of a certificate as people write it: hex in pairs with colons. */
export function fingerprintOf(certPath: string): string {
  return new X509Certificate(readFileSync(certPath)).fingerprint256;
}

async function makeCertificate(
  folder: string,
  name: string,
  extensions: readonly string[],
  ca?: CertificateFiles,
): Promise<CertificateFiles> {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  await run("openssl", [
    ...["req", "-x509", "-config", join(folder, "openssl.cnf"), "-subj", `/CN=farhand test ${name}`],
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
    ...["-out", files.cert, "-keyout", files.key],
    ...(ca ? ["-CA", ca.cert, "-CAkey", ca.key] : []),
    ...extensions.flatMap((extension) => ["-addext", extension]),
  ]);
  return files;
}
