import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { describe, expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { makeAuthority } from "./authority.ts";
import { namesOfCertificate } from "./node-id-names.ts";
import { makeRequest, type RequestOptions } from "./request.ts";
import { signRequest } from "./sign.ts";
import { verifyChain } from "./verify-chain.ts";

const now = new Date("2026-05-01T12:00:00Z");
const noNames = { dnsNames: [], ipAddresses: [], nodeIds: [] };
const names = { dnsNames: ["a.example"], ipAddresses: ["10.0.0.1", "2001:db8::1"], nodeIds: ["node1", "zwölf"] };

const program = "openssl";

function openssl(...args: string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A folder with an authority, and options for requests and signatures in it. */
async function office() {
  const folder = await tempFolder();
  const at = (name: string) => folder.file(name);
  await makeAuthority({ commonName: "ca", bits: 2048, outCert: at("ca.crt"), outKey: at("ca.key") }, now);
  const ask = (change: Partial<RequestOptions> = {}) =>
    makeRequest({ ...names, commonName: "n", bits: 2048, outReq: at("csr"), outKey: at("key"), ...change });
  const signing = { req: at("csr"), caCert: at("ca.crt"), caKey: at("ca.key"), outCert: at("crt") };
  return { at, ask, signing, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const certificateIn = (path: string) => new X509Certificate(readFileSync(path));
const invalid = (message: unknown) => ({ code: "CERTIFICATE_INVALID", message });

describe("makeAuthority()", () => {
  test("makes a certificate that may sign others, valid for ten years", async () => {
    await using ca = await office();
    const certificate = certificateIn(ca.at("ca.crt"));
    expect(certificate).toMatchObject({ subject: "CN=ca", issuer: "CN=ca", ca: true });
    expect(Number.parseInt(certificate.serialNumber, 16)).toBe(now.getTime() / 1000);
    expect([new Date(certificate.validFrom), new Date(certificate.validTo)]).toEqual([
      now,
      new Date("2036-05-01T12:00:00Z"),
    ]);
    expect(openssl("verify", "-CAfile", ca.at("ca.crt"), "-attime", "1790000000", ca.at("ca.crt"))).toMatch(/OK/);
  });

  test("keeps its PKCS#1 key for its owner, and leaves no other files", async () => {
    await using ca = await office();
    expect(readFileSync(ca.at("ca.key"), "utf8")).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    expect(statSync(ca.at("ca.key")).mode & 0o777).toBe(0o600);
    expect(readdirSync(ca.at("")).sort()).toEqual(["ca.crt", "ca.key"]);
  });

  test("makes an ECDSA key when no length is given", async () => {
    await using folder = await tempFolder();
    const files = { outCert: folder.file("c"), outKey: folder.file("k") };
    await makeAuthority({ commonName: "ca", ...files }, now);
    const key = createPrivateKey(readFileSync(files.outKey));
    expect(key).toMatchObject({ asymmetricKeyType: "ec", asymmetricKeyDetails: { namedCurve: "prime256v1" } });
    expect(certificateIn(files.outCert).checkPrivateKey(key)).toBe(true);
    expect(openssl("verify", "-CAfile", files.outCert, "-attime", "1790000000", files.outCert)).toMatch(/OK/);
  });

  test("replaces files that are there, also when others may read them", async () => {
    await using folder = await tempFolder();
    const files = { outCert: folder.file("c"), outKey: folder.file("k") };
    writeFileSync(files.outKey, "old", { mode: 0o644 });
    await makeAuthority({ commonName: "ca", bits: 1024, ...files }, now);
    expect(statSync(files.outKey).mode & 0o777).toBe(0o600);
    expect(certificateIn(files.outCert).checkPrivateKey(createPrivateKey(readFileSync(files.outKey)))).toBe(true);
  });

  test("takes other times, and refuses what cannot be", async () => {
    await using folder = await tempFolder();
    const files = { outCert: folder.file("c"), outKey: folder.file("k") };
    const make = (change: object) => makeAuthority({ commonName: "ca", bits: 1024, ...files, ...change }, now);
    await make({ notBefore: new Date("2049-01-01T00:00:00Z"), notAfter: new Date("2051-01-01T00:00:00Z") });
    expect(certificateIn(files.outCert).validTo).toBe("Jan  1 00:00:00 2051 GMT");
    await expect(make({ notAfter: now })).rejects.toMatchObject(invalid(expect.stringContaining("is not after")));
    await expect(make({ bits: 512 })).rejects.toMatchObject(
      invalid("key bits must be from 1024 to 16384, and 512 are not"),
    );
    await expect(make({ outKey: folder.file("no/k") })).rejects.toMatchObject({ code: "CERTIFICATE_NOT_WRITTEN" });
  });
});

describe("makeRequest()", () => {
  test("asks for names in the order DNS, IP, node ids, as openssl reads them", async () => {
    await using ca = await office();
    await ca.ask();
    const text = openssl("req", "-in", ca.at("csr"), "-noout", "-text", "-verify", "-nameopt", "utf8");
    expect(text).toMatch(/Subject: CN ?= ?n\n/);
    expect(text).toMatch(
      /DNS:a.example, IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1, othername: 1.3.6.1.4.1.2312.19.1::node1/,
    );
    expect(statSync(ca.at("key")).mode & 0o777).toBe(0o600);
  });

  test("takes a key that is there, in either form, and leaves it alone", async () => {
    await using ca = await office();
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    for (const type of ["pkcs1", "pkcs8"] as const) {
      writeFileSync(ca.at("own"), privateKey.export({ type, format: "pem" }));
      await ca.ask({ inKey: ca.at("own"), outKey: undefined, bits: undefined });
      await signRequest(ca.signing, now);
      expect(certificateIn(ca.at("crt")).checkPrivateKey(privateKey)).toBe(true);
    }
  });

  test("refuses what does not go together", async () => {
    await using ca = await office();
    const fault = async (change: Partial<RequestOptions>) =>
      ca.ask(change).then(
        () => "none",
        (error: Error) => error.message,
      );
    expect(await fault({ outKey: undefined })).toBe("must provide either InKey or OutKey");
    expect(await fault({ inKey: "k" })).toBe("cannot use both InKey and OutKey");
    expect(await fault({ inKey: "k", outKey: undefined })).toBe(
      "cannot specify key bits when reading an already-existing key",
    );
    expect(await fault({ bits: undefined })).toBe("must specify key bits when creating a new key");
    for (const ip of ["a", "1.2.3", "fe80::1%eth0"])
      expect(await fault({ ipAddresses: [ip] })).toBe(`invalid IP address: ${ip}`);
    expect(await fault({ dnsNames: ["zwölf"] })).toBe('x509: "zwölf" cannot be encoded as an IA5String');
    const own = { outKey: undefined, bits: undefined };
    expect(await fault({ ...own, inKey: ca.at("ca.crt") })).toBe(`no private keys in file ${ca.at("ca.crt")}`);
    const key = readFileSync(ca.at("ca.key"), "utf8");
    writeFileSync(ca.at("two"), key + key);
    expect(await fault({ ...own, inKey: ca.at("two") })).toBe(`multiple private keys in file ${ca.at("two")}`);
    expect(await fault({ ...own, inKey: ca.at("no") })).toMatch(/ENOENT/);
    expect(readdirSync(ca.at("")).sort()).toEqual(["ca.crt", "ca.key", "two"]);
  });
});

describe("signRequest()", () => {
  test("makes a certificate of a year for both roles, with the names that were asked for", async () => {
    await using ca = await office();
    await ca.ask();
    await signRequest(ca.signing, now);
    const certificate = certificateIn(ca.at("crt"));
    expect(certificate).toMatchObject({ subject: "CN=n", issuer: "CN=ca", ca: false });
    expect(new Date(certificate.validTo)).toEqual(new Date("2027-05-01T12:00:00Z"));
    expect(namesOfCertificate(certificate.raw)).toEqual(names);
    createSecureContext({ cert: readFileSync(ca.at("crt")), key: readFileSync(ca.at("key")) });
    for (const purpose of ["server", "client"] as const) {
      const cas = readFileSync(ca.at("ca.crt"));
      expect(verifyChain({ chain: [certificate.raw], cas, purpose, at: now })).toBeUndefined();
      const time = String(now.getTime() / 1000);
      expect(
        openssl("verify", "-CAfile", ca.at("ca.crt"), "-attime", time, "-purpose", `ssl${purpose}`, ca.at("crt")),
      ).toMatch(/OK/);
    }
    expect(openssl("x509", "-in", ca.at("crt"), "-noout", "-text")).toMatch(/othername: 1.3.6.1.4.1.2312.19.1::node1/);
  });

  test("asks first, showing what it would sign, and signs only upon yes", async () => {
    await using ca = await office();
    await ca.ask({ nodeIds: ["node1", "evil\u001b[2K\nx"] });
    const shown: string[] = [];
    const answer = (yes: boolean) => async (details: string) => {
      shown.push(details);
      return yes;
    };
    await expect(signRequest({ ...ca.signing, confirm: answer(false) }, now)).rejects.toMatchObject({
      code: "SIGNING_DECLINED",
      message: "user declined",
    });
    expect(readdirSync(ca.at(""))).not.toContain("crt");
    expect(shown[0]?.split("\n")).toEqual([
      "Requested certificate:",
      "  Subject: CN=n",
      "  Encryption Algorithm: RSA (2048 bits)",
      "  Signature Algorithm: SHA256-RSA",
      "  Names:",
      "    DNS Name: a.example",
      "    IP Address: 10.0.0.1",
      "    IP Address: 2001:db8::1",
      "    Receptor Node ID: node1",
      "    Receptor Node ID: evil\\u{1b}[2K\\u{a}x",
    ]);
    await signRequest({ ...ca.signing, confirm: answer(true) }, now);
    expect(readdirSync(ca.at(""))).toContain("crt");
  });

  test("takes over names and nothing else of what a request asks for", async () => {
    await using ca = await office();
    const wishes = "basicConstraints=CA:true\nsubjectAltName=DNS:a,email:b@c,otherName:1.3.6.1.4.1.2312.19.1;UTF8:n\n";
    writeFileSync(ca.at("cnf"), `[req]\ndistinguished_name=d\nreq_extensions=x\n[d]\n[x]\n${wishes}`);
    const made = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=n/O=o", "-config", ca.at("cnf")];
    openssl(...made, "-keyout", ca.at("key"), "-out", ca.at("csr"));
    await signRequest(ca.signing, now);
    const certificate = certificateIn(ca.at("crt"));
    expect(certificate).toMatchObject({ ca: false, subject: "CN=n\nO=o" });
    expect(namesOfCertificate(certificate.raw)).toEqual({ dnsNames: ["a"], ipAddresses: [], nodeIds: ["n"] });
    expect(openssl("x509", "-in", ca.at("crt"), "-noout", "-text")).not.toMatch(/b@c/);
  });

  test("signs with an authority that openssl made, of another kind of key", async () => {
    await using ca = await office();
    const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", ca.at("ca.key")];
    openssl("req", "-x509", "-subj", "/CN=x/O=y", "-days", "9000", ...ec, "-out", ca.at("ca.crt"));
    await ca.ask();
    await signRequest(ca.signing);
    expect(openssl("verify", "-CAfile", ca.at("ca.crt"), ca.at("crt"))).toMatch(/OK/);
  });

  test("refuses requests without names, strange ones, and keys and certificates that do not belong", async () => {
    await using ca = await office();
    const fault = async (change: object = {}) =>
      signRequest({ ...ca.signing, ...change }, now).then(
        () => "none",
        (error: Error) => error.message,
      );
    expect(await fault()).toMatch(/ENOENT/);
    await ca.ask(noNames);
    expect(await fault()).toBe("cannot sign: no names found in certificate");
    await ca.ask();
    expect(await fault({ req: ca.at("key") })).toBe(`no certificate requests in file ${ca.at("key")}`);
    expect(await fault({ caCert: ca.at("csr") })).toBe(`no certificates in file ${ca.at("csr")}`);
    expect(await fault({ caKey: ca.at("key") })).toMatch(/^x509: provided PrivateKey doesn't match parent's PublicKey/);
    await signRequest(ca.signing, now);
    expect(await fault({ caCert: ca.at("crt"), caKey: ca.at("key") })).toMatch(/not authorized to sign/);
    const request = readFileSync(ca.at("csr"), "utf8").split("\n");
    request.splice(-4, 1, "A".repeat(64));
    writeFileSync(ca.at("csr"), request.join("\n"));
    expect(await fault()).toMatch(/is not signed by its own key/);
  });
});
