import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { expect, test } from "vitest";
import { insecureCommonName, makeInsecureCertificate } from "./insecure.ts";

test("makeInsecureCertificate() makes what dialers of Receptor look for", async () => {
  const now = new Date("2026-05-01T12:00:00Z");
  const { cert, key, expires } = await makeInsecureCertificate(now);
  const read = new X509Certificate(cert);
  expect(read.subject).toBe(`CN=${insecureCommonName}`);
  expect(read.serialNumber).toBe("01");
  expect(new Date(read.validFrom)).toEqual(new Date("2026-05-01T11:59:00Z"));
  expect(new Date(read.validTo)).toEqual(expires);
  expect(expires).toEqual(new Date("2026-05-02T12:00:00Z"));
  expect(read.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  expect(read.verify(read.publicKey)).toBe(true);
  expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  createSecureContext({ cert, key });
});
