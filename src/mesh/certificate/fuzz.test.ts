import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { expect } from "vitest";
import { fuzz, type Random, refusedOr } from "../../../test/kit/fuzz.ts";
import { MeshError } from "../errors.ts";
import { judgeInsecureServer } from "../stream/quic/certificate-judges.ts";
import { bitString, boolean, oid, sequence } from "./der-writing.ts";
import { type DerValue, readChildren, readDer } from "./der.ts";
import { checkNodeId, namesOfCertificate, nodeIdsOfCertificate } from "./node-id-names.ts";
import { encodePem, parsePem } from "./pem.ts";
import { readCertificate } from "./read-certificate.ts";
import { describeRequest } from "./request-text.ts";
import { isSignedBy } from "./signatures.ts";
import { decodeSubjectNames, encodeSubjectNames } from "./subject-names.ts";
import { verifyChain } from "./verify-chain.ts";
import { certificateFields, extensionIds, requestFields } from "./x509-fields.ts";
import {
  bothRoles,
  commonNameOnly,
  extension,
  keyUsage,
  publicKeyBytes,
  writeCertificate,
  writeRequest,
} from "./x509-writing.ts";

const isRefusal = (error: unknown) => error instanceof MeshError && error.code === "CERTIFICATE_INVALID";
const names = { dnsNames: ["a.example"], ipAddresses: ["10.0.0.1", "2001:db8::1"], nodeIds: ["node1", "zwölf"] };
const subjectNames = encodeSubjectNames(names);
const at = new Date("2026-05-01T00:00:00Z");

const [caKey, leafKey] = ["ca", "leaf"].map(() => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
if (!caKey || !leafKey) throw new Error("there are no keys");
const life = { notBefore: new Date("2026-01-01T00:00:00Z"), notAfter: new Date("2027-01-01T00:00:00Z") };
const ca = writeCertificate(
  {
    ...{ serial: 1, issuer: commonNameOnly("ca"), subject: commonNameOnly("ca"), publicKey: publicKeyBytes(caKey) },
    ...life,
    extensions: [extension("2.5.29.19", sequence(boolean(true)), true), keyUsage("000001")],
  },
  caKey,
);
const leaf = writeCertificate(
  {
    ...{ serial: 2, issuer: commonNameOnly("ca"), subject: commonNameOnly("n"), publicKey: publicKeyBytes(leafKey) },
    ...life,
    extensions: [bothRoles, extension("2.5.29.17", subjectNames)],
  },
  caKey,
);
const request = writeRequest(
  {
    subject: commonNameOnly("n"),
    publicKey: publicKeyBytes(leafKey),
    extensions: [extension("2.5.29.17", subjectNames)],
  },
  leafKey,
);
const cas = Buffer.from(encodePem("CERTIFICATE", ca));

/** The bytes of what was signed. */
const signedPart = (der: Uint8Array): Uint8Array | undefined => readChildren(readDer(der))[0]?.whole;

function everyValue(value: DerValue, depth: number): void {
  if (depth === 0) return;
  for (const child of refusedOr(() => readChildren(value), isRefusal) ?? []) everyValue(child, depth - 1);
}

const kinds = [
  ...(["ed25519", "x25519", "x448"] as const).map((kind) => generateKeyPairSync(kind as "ed25519").publicKey),
  generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey,
  generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 }).publicKey,
  createPublicKey(leafKey),
].map((key) => key.export({ type: "spki", format: "der" }));
const algorithms = ["1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2", "1.3.101.112", "1.2.840.113549.1.1.10"];

/** Well formed, and of parts that do not go together: a key of any kind, an algorithm, and a signature of neither. */
function mixed(random: Random): { readonly request: Uint8Array; readonly certificate: Uint8Array } {
  const one = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const [publicKey, algorithm] = [one(kinds), sequence(oid(one(algorithms)))];
  const seal = (info: Uint8Array) => sequence(info, algorithm, bitString(Buffer.alloc(64, random(256))));
  const content = (bytes: Uint8Array) => readChildren(readChildren(readDer(bytes))[0] as DerValue);
  const info = content(request).map(({ whole }, index) => (index === 2 ? publicKey : whole));
  const isLeaf = random(2) === 0;
  const parts = content(isLeaf ? leaf : ca).map(({ whole }, index) => (index === 6 ? publicKey : whole));
  return { request: seal(sequence(...info)), certificate: seal(sequence(...parts)) };
}

const corpus = {
  samples: [leaf, ca, request, subjectNames, encodePem("CERTIFICATE", leaf), encodePem("CERTIFICATE REQUEST", request)],
  splinters: [
    ...["3003", "3080", "308180", "30820100", "3084ffffffff", "a003", "0500", "0603551d11", "0101ff", "8204"].map(
      (hex) => Buffer.from(hex, "hex"),
    ),
    ...["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "170d", "180f", "Z"],
  ],
};

function readRequest(bytes: Uint8Array): void {
  const fields = refusedOr(() => requestFields(bytes), isRefusal);
  if (!fields) return;
  const { info, algorithm, signature, publicKey, extensions } = fields;
  const key = refusedOr(
    () => createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" }),
    () => true,
  );
  if (!key || !refusedOr(() => isSignedBy(info, algorithm, signature, key), isRefusal)) return;
  const asked = extensions.get(extensionIds.subjectAltName);
  const found = asked && refusedOr(() => decodeSubjectNames(asked.value), isRefusal);
  if (found) expect(describeRequest(fields, found)).toContain("Requested certificate:");
}

fuzz("certificates that strangers show are read, or refused in order", corpus, {
  der: (bytes) => {
    const value = refusedOr(() => readDer(bytes), isRefusal);
    if (value) everyValue(value, 6);
  },
  fields: (bytes) => refusedOr(() => certificateFields(bytes), isRefusal),
  certificate: (bytes) => refusedOr(() => readCertificate(bytes), isRefusal),
  names: (bytes) => {
    refusedOr(() => namesOfCertificate(bytes), isRefusal);
    for (const id of nodeIdsOfCertificate(bytes)) expect(checkNodeId(bytes, id)).toBeUndefined();
    expect(checkNodeId(bytes, "somebody else")).toBeDefined();
    const found = refusedOr(() => decodeSubjectNames(bytes), isRefusal);
    if (found) expect(decodeSubjectNames(encodeSubjectNames(found))).toEqual(found);
  },
  chain: (bytes) => {
    for (const chain of [[bytes], [bytes, ca], [leaf, bytes]]) {
      const fault = verifyChain({ chain, cas, purpose: "client", at });
      // Nobody makes a certificate by altering one.
      if (fault === undefined && chain[0] === bytes)
        expect([leaf, ca].map(signedPart)).toContainEqual(Buffer.from(signedPart(bytes) ?? []));
    }
    judgeInsecureServer([bytes]);
  },
  request: readRequest,
  mixed: (_bytes, random) => {
    const { request, certificate } = mixed(random);
    readRequest(request);
    const own = Buffer.from(encodePem("CERTIFICATE", certificate));
    expect(verifyChain({ chain: [leaf, certificate], cas: own, purpose: "server", at })).toBeDefined();
    expect(verifyChain({ chain: [certificate, ca], cas, purpose: "server", at })).toBeDefined();
  },
  pem: (bytes) => {
    for (const { label, der } of parsePem(bytes.toString("latin1"))) {
      expect(parsePem(encodePem(label, der))).toMatchObject([{ label, der }]);
    }
  },
});
