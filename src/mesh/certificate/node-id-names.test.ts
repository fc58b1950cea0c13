import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { makeInsecureCertificate } from "./insecure.ts";
import { checkNodeId, namesOfCertificate, nodeIdsOfCertificate } from "./node-id-names.ts";
import { parsePem } from "./pem.ts";
import { decodeSubjectNames, encodeNodeIdName, encodeSubjectNames } from "./subject-names.ts";

const openssl = "openssl";

/** A certificate by openssl with this subjectAltName, DER. */
async function certificateWith(names: string, section = ""): Promise<Buffer> {
  await using folder = await tempFolder();
  const config = `[req]\ndistinguished_name=n\n[n]\n[x]\nsubjectAltName=${names}\n${section}`;
  writeFileSync(folder.file("cnf"), config);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder.file("key")];
  const args = ["req", "-x509", "-config", folder.file("cnf"), "-subj", "/CN=a", "-extensions", "x", "-outform", "DER"];
  return execFileSync(openssl, [...args, ...key], { stdio: ["ignore", "pipe", "ignore"] });
}

const nodeId = (name: string) => `otherName:1.3.6.1.4.1.2312.19.1;UTF8:${name}`;

test("encodeNodeIdName() writes the bytes of the specification", () => {
  expect(Buffer.from(encodeNodeIdName("node1")).toString("hex")).toBe("a01406092b0601040192081301a0070c056e6f646531");
});

test("nodeIdsOfCertificate() finds every node id of a certificate made by openssl", async () => {
  const certificate = await certificateWith(`${nodeId("node1")},DNS:a.example,${nodeId("node2")},IP:10.0.0.1,IP:::1`);
  expect(nodeIdsOfCertificate(certificate)).toEqual(["node1", "node2"]);
  expect(namesOfCertificate(certificate)).toEqual({
    dnsNames: ["a.example"],
    ipAddresses: ["10.0.0.1", "::1"],
    nodeIds: ["node1", "node2"],
  });
});

test("nodeIdsOfCertificate() finds none in certificates without such names, or in no certificate", async () => {
  expect(nodeIdsOfCertificate(await certificateWith("DNS:node1"))).toEqual([]);
  expect(nodeIdsOfCertificate(await certificateWith("otherName:1.2.3.4;UTF8:node1"))).toEqual([]);
  const [without] = parsePem((await makeInsecureCertificate()).cert);
  expect(nodeIdsOfCertificate(without?.der ?? Buffer.of())).toEqual([]);
  expect(nodeIdsOfCertificate(Buffer.from("node1"))).toEqual([]);
});

test("names that are not UTF-8 text name nobody", async () => {
  expect(nodeIdsOfCertificate(await certificateWith("otherName:1.3.6.1.4.1.2312.19.1;IA5:node1"))).toEqual([]);
  const certificate = await certificateWith(nodeId("node1"));
  certificate[certificate.indexOf("node1")] = 0xff;
  expect(nodeIdsOfCertificate(certificate)).toEqual([]);
});

test("checkNodeId() says in Receptor's words whose certificate it is", async () => {
  const one = await certificateWith(nodeId("a"));
  const two = await certificateWith(`${nodeId("a")},${nodeId("b")}`);
  expect(checkNodeId(one, "a")).toBeUndefined();
  expect(checkNodeId(two, "b")).toBeUndefined();
  expect(checkNodeId(one, "x")).toBe("x509: certificate is valid for Receptor node ID a, not x");
  expect(checkNodeId(two, "x")).toBe("x509: certificate is valid for Receptor node IDs a, b, not x");
  expect(checkNodeId(Buffer.of(), "x")).toBe(
    "x509: certificate is not valid for any Receptor node IDs, but wanted to match x",
  );
});

test("subject names survive writing and reading", () => {
  const names = fc.record({
    dnsNames: fc.array(fc.domain()),
    ipAddresses: fc.array(fc.oneof(fc.ipV4(), fc.constantFrom("::1", "2001:db8::7", "fe80::a:0:0:b"))),
    nodeIds: fc.array(fc.string({ unit: "grapheme" })),
  });
  fc.assert(
    fc.property(names, (given) => {
      expect(decodeSubjectNames(encodeSubjectNames(given))).toEqual(given);
    }),
  );
});

test("nodeIdsOfCertificate() lives through every alteration of a certificate", async () => {
  const certificate = await certificateWith(`${nodeId("node1")},DNS:a.example,IP:10.0.0.1`);
  const alteration = fc.tuple(fc.nat(certificate.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(alteration, { minLength: 1, maxLength: 4 }), fc.nat(certificate.length), (changes, end) => {
      const altered = Buffer.from(certificate);
      for (const [at, byte] of changes) altered[at] = byte;
      nodeIdsOfCertificate(altered);
      expect(nodeIdsOfCertificate(altered.subarray(0, Math.min(end, certificate.length - 1)))).toEqual([]);
    }),
    { numRuns: 3000 },
  );
});
