import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { silentLog } from "#core";
import { makeAuthority } from "./authority.ts";
import { checkProfileNames } from "./profile-names.ts";
import { tlsProfiles } from "./profiles.ts";
import { makeRequest } from "./request.ts";
import { signRequest } from "./sign.ts";

/** Files of a certificate for two node ids. */
async function nodeFiles(folder: { file(name: string): string }) {
  const at = (name: string) => folder.file(name);
  await makeAuthority({ commonName: "ca", bits: 1024, outCert: at("ca.crt"), outKey: at("ca.key") });
  const names = { dnsNames: [], ipAddresses: [], nodeIds: ["a", "b"] };
  await makeRequest({ ...names, commonName: "n", bits: 2048, outReq: at("csr"), outKey: at("key") });
  await signRequest({ req: at("csr"), caCert: at("ca.crt"), caKey: at("ca.key"), outCert: at("crt") });
  return { cert: at("crt"), key: at("key") };
}

test("checkProfileNames() asks that certificates name this node, unless that is not asked", async () => {
  await using folder = await tempFolder();
  const profile = await nodeFiles(folder);
  const check = (id: string, kind: "server" | "client", skipNamesCheck = false) =>
    checkProfileNames(id, [{ kind, name: "p", profile, skipNamesCheck }]);
  check("a", "server");
  check("b", "client");
  check("x", "server", true);
  for (const kind of ["server", "client"] as const)
    expect(() => check("x", kind)).toThrow(
      `error preparing tls ${kind} config: nodeID=x not found in certificate name(s); names found=[a b]; ` +
        `cfg section=p; server cert=${profile.cert}`,
    );
});

test("checkProfileNames() looks at files also where names are not asked, and lets a client be without any", async () => {
  await using folder = await tempFolder();
  const { cert, key } = await nodeFiles(folder);
  const check = (profile: object, kind: "server" | "client" = "client") =>
    checkProfileNames("x", [{ kind, name: "p", profile: { cert, key, ...profile }, skipNamesCheck: true }]);
  check({ cert: "", key: "" });
  expect(() => check({ cert: "" })).toThrow("cert and key must both be supplied or neither");
  expect(() => check({ rootCas: folder.file("no") })).toThrow("cannot read TLS file");
  expect(() => check({ key: folder.file("ca.key") }, "server")).toThrow(/cannot be used together \(.*ca\.key/);
  expect(() => check({ pinnedServerCert: ["aa"] })).toThrow("fingerprints must be 32 or 64 bytes");
});

test("tlsProfiles() knows its profiles by name, and a client profile `default`", async () => {
  const server = { cert: "c", key: "k" };
  const profiles = tlsProfiles({ servers: new Map([["s", server]]), clients: new Map(), log: silentLog });
  expect(profiles.server("s").profile).toBe(server);
  expect(profiles.client("default").options("h")).toMatchObject({ rejectUnauthorized: true });
  const unknown = (name: string) => ({ code: "TLS_PROFILE_UNKNOWN", message: `unknown TLS config ${name}` });
  expect(() => profiles.server("default")).toThrow(expect.objectContaining(unknown("default")));
  expect(() => profiles.client("s")).toThrow(expect.objectContaining(unknown("s")));
});

test("expiries() tells when the certificates end that can be read now", async () => {
  await using folder = await tempFolder();
  const files = await nodeFiles(folder);
  const profiles = tlsProfiles({
    servers: new Map([
      ["s", files],
      ["missing", { cert: folder.file("later"), key: files.key }],
    ]),
    clients: new Map([["c", files]]),
    log: silentLog,
  });
  const notAfter = new Date(new X509Certificate(readFileSync(files.cert)).validTo);
  const known = [
    { kind: "server", profile: "s", notAfter },
    { kind: "client", profile: "c", notAfter },
  ];
  expect(profiles.expiries()).toEqual(known);
  writeFileSync(folder.file("later"), "no certificate yet");
  expect(profiles.expiries()).toEqual(known);
});
