import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyFault, orderPrivateKey, orderPublicKeys, rsaPrivateKey, rsaPublicKey } from "./pem.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const pkcs1 = rsa.privateKey.export({ type: "pkcs1", format: "pem" }).toString();
const pkcs8 = rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const spki = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const publicPkcs1 = rsa.publicKey.export({ type: "pkcs1", format: "pem" }).toString();
const ecPrivate = ec.privateKey.export({ type: "sec1", format: "pem" }).toString();
const ecPublic = ec.publicKey.export({ type: "spki", format: "pem" }).toString();
const edPrivate = ed.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const edPublic = ed.publicKey.export({ type: "spki", format: "pem" }).toString();
const openSsh = pkcs8.replaceAll("PRIVATE KEY", "OPENSSH PRIVATE KEY");
const certificate = spki.replaceAll("PUBLIC KEY", "CERTIFICATE");

test("rsaPrivateKey() reads PKCS#1 and PKCS#8, whatever text is around them", () => {
  expect(rsaPrivateKey(pkcs1).equals(rsa.privateKey)).toBe(true);
  expect(rsaPrivateKey(`a key\r\n${pkcs8.replaceAll("\n", "\r\n")}\n\n`).equals(rsa.privateKey)).toBe(true);
});

describe("rsaPrivateKey() says of", () => {
  test.each([
    ["nothing", "", "private key file should contain exactly one item"],
    ["two keys", pkcs1 + pkcs8, "private key file should contain exactly one item"],
    ["other text", "junk", "failed to decode PEM block"],
    ["half a key", pkcs8.slice(0, -10), "failed to decode PEM block"],
    ["a broken key", pkcs8.replace(/\n.{40}/, "\n"), "failed to parse the key"],
    ["OpenSSH's own format", openSsh, "unknown block type OPENSSH PRIVATE KEY"],
    ["an elliptic key", ecPrivate, "unknown block type EC PRIVATE KEY"],
    ["a public key", spki, "private key file does not contain private key data"],
    ["an Ed25519 key", edPrivate, "private key file does not contain private key data"],
  ])("%s", (_what, text, fault) => {
    expect(() => rsaPrivateKey(text)).toThrow(new KeyFault(fault));
  });
});

test("rsaPublicKey() reads SPKI", () => {
  expect(rsaPublicKey(spki).equals(rsa.publicKey)).toBe(true);
});

describe("rsaPublicKey() says of", () => {
  test.each([
    ["nothing", "", "public key file should contain exactly one item"],
    ["two keys", spki + spki, "public key file should contain exactly one item"],
    ["other text", "junk", "failed to decode PEM block"],
    ["PKCS#1", publicPkcs1, "unknown block type RSA PUBLIC KEY"],
    ["an elliptic key", ecPublic, "public key file does not contain public key data"],
    ["a private key", pkcs8, "public key file does not contain public key data"],
    ["a certificate", certificate, "public key file does not contain public key data"],
  ])("%s", (_what, text, fault) => {
    expect(() => rsaPublicKey(text)).toThrow(new KeyFault(fault));
  });
});

test("orderPublicKeys() reads several keys and what the line in front calls them", () => {
  const keys = orderPublicKeys(`# all of ours\n# alpha\n${edPublic}\nbeta \n\n${edPublic}${edPublic}`);
  expect(keys.map(({ comment }) => comment)).toEqual(["alpha", "beta", ""]);
  expect(keys.every(({ key }) => key.equals(ed.publicKey))).toBe(true);
});

test("orderPrivateKey() and orderPublicKeys() take Ed25519 only", () => {
  expect(orderPrivateKey(edPrivate).equals(ed.privateKey)).toBe(true);
  expect(() => orderPrivateKey(pkcs8)).toThrow(new KeyFault("the key is no Ed25519 key"));
  expect(() => orderPublicKeys(edPublic + spki)).toThrow(new KeyFault("the key is no Ed25519 key"));
});

test("no text makes a reader of keys fail otherwise", () => {
  const piece = fc.constantFrom(pkcs1, spki, edPublic, "-----BEGIN ", "-----END ", "PUBLIC KEY-----", "\n", "AAAA");
  const files = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("")),
  );
  fc.assert(
    fc.property(files, (text) => {
      for (const read of [rsaPrivateKey, rsaPublicKey, orderPrivateKey, orderPublicKeys]) {
        try {
          read(text);
        } catch (error) {
          expect(error).toBeInstanceOf(KeyFault);
        }
      }
    }),
  );
});
