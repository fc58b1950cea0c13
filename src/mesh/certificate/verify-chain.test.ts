import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import fc from "fast-check";
import { expect, test } from "vitest";
import { makeCertificates } from "../../../test/kit/certificates.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { pinnedFault } from "#core";
import { boolean, der, integer, oid, sequence } from "./der-writing.ts";
import { encodePem, parsePem } from "./pem.ts";
import { verifyChain } from "./verify-chain.ts";
import { bothRoles, commonNameOnly, extension, keyUsage, publicKeyBytes, writeCertificate } from "./x509-writing.ts";

const at = new Date("2026-05-01T00:00:00Z");
const unknownAuthority = "x509: certificate signed by unknown authority";

interface Made {
  readonly name: string;
  readonly key: KeyObject;
  readonly certificate: Uint8Array;
}

interface Wish {
  readonly issuer?: Made;
  readonly extensions?: readonly Uint8Array[];
  readonly notAfter?: Date;
  readonly key?: KeyObject;
}

const aKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const authority = (pathLength?: number): Uint8Array[] => [
  extension("2.5.29.19", sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(pathLength)])), true),
  keyUsage("000001"),
];
const roles = (...ids: string[]): Uint8Array => extension("2.5.29.37", sequence(...ids.map(oid)));

function make(name: string, { issuer, extensions = [], notAfter, key = aKey() }: Wish = {}): Made {
  const content = {
    serial: 7,
    issuer: commonNameOnly(issuer?.name ?? name),
    subject: commonNameOnly(name),
    publicKey: publicKeyBytes(key),
    notBefore: new Date("2026-01-01T00:00:00Z"),
    notAfter: notAfter ?? new Date("2027-01-01T00:00:00Z"),
    extensions,
  };
  return { name, key, certificate: writeCertificate(content, issuer?.key ?? key) };
}

function fault(chain: readonly Made[], root: Made, purpose: "server" | "client" = "server", when = at) {
  const cas = Buffer.from(encodePem("CERTIFICATE", root.certificate));
  return verifyChain({ chain: chain.map(({ certificate }) => certificate), cas, purpose, at: when });
}

const root = make("root", { extensions: authority() });

test("verifyChain() believes what a trusted authority signed, at the time and for the role", () => {
  const leaf = make("leaf", { issuer: root, extensions: [bothRoles] });
  expect(fault([leaf], root)).toBeUndefined();
  expect(fault([leaf], root, "client")).toBeUndefined();
  expect(fault([leaf, root], root)).toBeUndefined();
  expect(fault([root], root)).toBeUndefined();
  expect(fault([], root)).toBe("tls: no certificates were shown");
});

test("verifyChain() takes nothing from strangers, whatever they call themselves", () => {
  const impostor = make("root", { extensions: authority() });
  expect(fault([make("leaf", { issuer: impostor })], root)).toBe(unknownAuthority);
  expect(fault([make("leaf", { issuer: impostor }), impostor], root)).toBe(unknownAuthority);
  expect(fault([make("leaf")], root)).toBe(unknownAuthority);
  const cas = Buffer.from("no certificate");
  expect(verifyChain({ chain: [root.certificate], cas, purpose: "server", at })).toBe(unknownAuthority);
});

test("verifyChain() goes through intermediates in any order, and past those it does not need", () => {
  const upper = make("upper", { issuer: root, extensions: authority() });
  const lower = make("lower", { issuer: upper, extensions: authority() });
  const leaf = make("leaf", { issuer: lower });
  expect(fault([leaf, lower, upper], root)).toBeUndefined();
  expect(fault([leaf, make("x"), upper, lower, upper], root)).toBeUndefined();
  expect(fault([leaf, lower], root)).toBe(unknownAuthority);
});

test("verifyChain() believes no signature of a certificate that may not sign", () => {
  const leaf = make("leaf", { issuer: root });
  expect(fault([make("x", { issuer: leaf }), leaf], root)).toBe(
    "x509: certificate is not authorized to sign other certificates",
  );
});

test("verifyChain() keeps to the path length of an authority", () => {
  const narrow = make("narrow", { extensions: authority(0) });
  const between = make("between", { issuer: narrow, extensions: authority() });
  expect(fault([make("leaf", { issuer: narrow })], narrow)).toBeUndefined();
  expect(fault([make("leaf", { issuer: between }), between], narrow)).toBe(
    "x509: too many intermediates for path length constraint",
  );
});

test("verifyChain() asks that every certificate up to the root is valid now", () => {
  const notAfter = new Date("2026-04-30T00:00:00Z");
  const old = make("old", { extensions: authority(), notAfter });
  const expired = /^x509: certificate has expired or is not yet valid: current time 2026-05-01T00:00:00Z is after/;
  expect(fault([make("leaf", { issuer: root, notAfter })], root)).toMatch(expired);
  expect(fault([make("leaf", { issuer: old })], old)).toMatch(expired);
  expect(fault([make("leaf", { issuer: root })], root, "server", new Date("2025-01-01T00:00:00Z"))).toMatch(
    /not yet valid: current time 2025-01-01T00:00:00Z is before 2026-01-01T00:00:00Z/,
  );
});

test("verifyChain() asks for the role when certificates say what they are for", () => {
  const server = make("leaf", { issuer: root, extensions: [roles("1.3.6.1.5.5.7.3.1")] });
  const wrong = "x509: certificate specifies an incompatible key usage";
  expect([fault([server], root), fault([server], root, "client")]).toEqual([undefined, wrong]);
  expect(fault([make("leaf", { issuer: root, extensions: [roles("2.5.29.37.0")] })], root, "client")).toBeUndefined();
  const mail = make("mail", { extensions: [...authority(), roles("1.3.6.1.5.5.7.3.4")] });
  expect(fault([make("leaf", { issuer: mail })], mail)).toBe(wrong);
});

test("verifyChain() refuses rules it does not understand, and names twice", () => {
  const strange = extension("1.2.3.4", der(5), true);
  expect(fault([make("leaf", { issuer: root, extensions: [strange] })], root)).toBe(
    "x509: unhandled critical extension",
  );
  expect(fault([make("leaf", { issuer: root, extensions: [bothRoles, bothRoles] })], root)).toBe(
    "x509: certificate contains duplicate extensions",
  );
});

test("verifyChain() believes no weak keys", () => {
  const key = generateKeyPairSync("rsa", { modulusLength: 512 }).privateKey;
  const weak = make("weak", { extensions: authority(), key });
  expect(fault([make("leaf", { issuer: weak })], weak)).toBe(unknownAuthority);
});

test("verifyChain() gives up on chains made to be searched for ever", () => {
  const key = aKey();
  const makers = Array.from({ length: 9 }, () => make("loop", { extensions: authority(), key }));
  expect(fault([make("leaf", { issuer: makers[0] ?? root }), ...makers], root)).toMatch(
    /signature check attempts|unknown/,
  );
  expect(fault(Array<Made>(11).fill(root), root)).toBe("x509: a chain of 11 certificates is too long");
});

test("verifyChain() agrees with openssl's certificates, and trusts the well-known roots unless told otherwise", async () => {
  await using folder = await tempFolder();
  const files = await makeCertificates(folder.path);
  const cas = readFileSync(files.ca);
  const chain = parsePem(readFileSync(files.server.cert, "latin1")).map(({ der: bytes }) => bytes);
  const now = new Date();
  expect(verifyChain({ chain, cas, purpose: "server", at: now })).toBeUndefined();
  expect(verifyChain({ chain, cas, purpose: "client", at: now })).toMatch(/incompatible key usage/);
  expect(verifyChain({ chain, cas: undefined, purpose: "server", at: now })).toBe(unknownAuthority);
  const wellKnown = parsePem(rootCertificates[0] ?? "").map(({ der: bytes }) => bytes);
  expect(verifyChain({ chain: wellKnown, cas: undefined, purpose: "server", at })).toBeUndefined();
  expect(verifyChain({ chain: wellKnown, cas, purpose: "server", at })).toBe(unknownAuthority);
});

test("verifyChain() lives through every alteration of a chain, and believes none of a signed part", () => {
  const leaf = make("leaf", { issuer: root, extensions: [bothRoles] });
  const cas = Buffer.from(encodePem("CERTIFICATE", root.certificate));
  fc.assert(
    fc.property(fc.nat(leaf.certificate.length - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
      const altered = Buffer.from(leaf.certificate);
      altered[index] = (altered[index] ?? 0) ^ change;
      expect(verifyChain({ chain: [altered], cas, purpose: "server", at })).toMatch(/^x509: /);
    }),
    { numRuns: 500 },
  );
});

test("pinnedFault() asks for one of the fingerprints, of either kind", () => {
  const { certificate } = root;
  const pins = ["sha256", "sha512"].map((kind) => createHash(kind).update(certificate).digest("hex"));
  for (const pin of pins) expect(pinnedFault(certificate, ["00".repeat(32), pin])).toBeUndefined();
  expect(pinnedFault(certificate, ["00".repeat(32)])).toMatch(/is not one of those pinned/);
  expect(pinnedFault(undefined, pins)).toMatch(/no certificate was shown/);
  expect(pinnedFault(undefined, [])).toBeUndefined();
});
