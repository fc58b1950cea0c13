import { generateKeyPairSync, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isProof, isWorkerKey, signProof, workerKey, workerKeyText } from "./registration-proof.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const text = workerKeyText(publicKey);

describe("a worker's key", () => {
  test("is what node:crypto writes, and is read as the same key", () => {
    expect(isWorkerKey(text)).toBe(true);
    expect(workerKey(text).equals(publicKey)).toBe(true);
    expect(workerKeyText(privateKey)).toBe(text);
  });

  test("is of no other kind", () => {
    const others = [
      generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey,
      generateKeyPairSync("x25519").publicKey,
      generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey,
    ];
    for (const other of others) expect(isWorkerKey(workerKeyText(other))).toBe(false);
    expect(() => workerKey("AAAA")).toThrow(TypeError);
  });

  test("is written in one way only", () => {
    for (const other of [`${text}=`, `${text} `, text.replace(/=+$/, ""), text.replaceAll("/", "_"), ""])
      expect(isWorkerKey(other)).toBe(other === text);
    fc.assert(fc.property(fc.string({ maxLength: 120 }), (any) => !isWorkerKey(any)));
  });
});

test("isProof() knows the signature of these claims by this key, and no other", () => {
  const claims = { nonce: "n", workerId: "w-1", instance: "i", secret: randomBytes(32) };
  const signature = signProof(claims, privateKey);
  expect(isProof(signature, claims, text)).toBe(true);
  expect(isProof(signature, { ...claims, secret: randomBytes(32) }, text)).toBe(false);
  expect(isProof(signature, claims, workerKeyText(generateKeyPairSync("ed25519").publicKey))).toBe(false);
  expect(isProof(signature.slice(4), claims, text)).toBe(false);
});
