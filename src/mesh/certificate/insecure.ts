import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { encodePem } from "./pem.ts";
import { commonNameOnly, publicKeyBytes, writeCertificate } from "./x509-writing.ts";

/** What the certificate of a listener without a profile is called, and dialers without one look for (spec §4.5). */
export const insecureCommonName = "netceptor-insecure-common-name";

const day = 24 * 60 * 60 * 1000;

/**
 * The throw-away certificate of a stream listener without a TLS profile, valid for 24 hours, and its key; both PEM. It
 * proves nothing. Make a new one before `expires`.
 *
 * Receptor's is RSA (spec §4.5), and dialers look at nothing but the name. A key on P-256 is there at once, where the first
 * dialer waited a tenth of a second for one of RSA, and seconds on a busy machine.
 */
export async function makeInsecureCertificate(
  now = new Date(),
): Promise<{ readonly cert: string; readonly key: string; readonly expires: Date }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("ec", { namedCurve: "P-256" });
  const name = commonNameOnly(insecureCommonName);
  const expires = new Date(now.getTime() + day);
  const cert = writeCertificate(
    {
      serial: 1,
      issuer: name,
      subject: name,
      publicKey: publicKeyBytes(publicKey),
      notBefore: new Date(now.getTime() - 60_000),
      notAfter: expires,
      extensions: [],
    },
    privateKey,
  );
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { cert: encodePem("CERTIFICATE", cert), key, expires };
}
