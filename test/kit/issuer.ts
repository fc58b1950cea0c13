import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { signEntitlement, workerFingerprint } from "#fleet";

/** Whom entitlements for the server of a test are addressed to. */
export const testServerId = "0123-4567-89ab-cdef-0123-4567-89ab-cdef";
const dayMs = 86_400_000;

/** Somebody who signs entitlements; for a year from now unless told otherwise. */
export function testIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const publicPem = publicKey.export({ format: "pem", type: "spki" }).toString();
  const sign = (more: Partial<Parameters<typeof signEntitlement>[0]> = {}, key: KeyObject = privateKey): string =>
    signEntitlement(
      {
        ...{ id: "acme-1", holder: "Acme Ltd.", audience: testServerId, limits: {} },
        features: ["remote.operate", "remote.configure"],
        ...{ notBefore: Date.now() - dayMs, notAfter: Date.now() + 365 * dayMs },
        ...more,
      },
      key,
    );
  return { publicPem, sign, fingerprint: workerFingerprint(publicKey) };
}
