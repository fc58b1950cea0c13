import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { makeCertificates } from "../../test/kit/certificates.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { tlsClientOptions, tlsServerOptions } from "./tls.ts";

test("tlsServerOptions() refuses files that are missing, are no PEM or do not belong together", async () => {
  await using folder = await tempFolder();
  const { server, client } = await makeCertificates(folder.path);
  writeFileSync(folder.file("text"), "not PEM");
  const profile = (change: object) => () => tlsServerOptions({ ...server, ...change });
  expect(profile({ cert: folder.file("no") })).toThrow(expect.objectContaining({ code: "TLS_FILE_UNREADABLE" }));
  expect(profile({ cert: folder.file("text") })).toThrow(expect.objectContaining({ code: "TLS_PROFILE_INVALID" }));
  expect(profile({ key: client.key })).toThrow(expect.objectContaining({ code: "TLS_PROFILE_INVALID" }));
  expect(profile({ pinnedClientCert: ["aa:bb"] })).toThrow("fingerprints must be 32 or 64 bytes for sha256 or sha512");
});

test("tlsServerOptions() asks for a client certificate when something about it is to be verified", async () => {
  await using folder = await tempFolder();
  const { ca, server } = await makeCertificates(folder.path);
  const asked = { requestCert: true, rejectUnauthorized: true };
  expect(tlsServerOptions(server)).toMatchObject({ requestCert: false, rejectUnauthorized: false });
  expect(tlsServerOptions({ ...server, clientCas: ca })).toMatchObject({
    requestCert: true,
    rejectUnauthorized: false,
  });
  expect(tlsServerOptions({ ...server, requireClientCert: true })).toMatchObject(asked);
  expect(tlsServerOptions({ ...server, pinnedClientCert: ["00".repeat(32)] })).toMatchObject(asked);
});

test("profiles speak TLS 1.2 with Receptor's suites and groups unless minTls13 is set", async () => {
  expect(tlsClientOptions({}, "h")).toMatchObject({ minVersion: "TLSv1.2", ecdhCurve: "P-256:P-384:P-521" });
  expect(tlsClientOptions({ minTls13: true }, "h")).toMatchObject({ minVersion: "TLSv1.3" });
});

test("tlsClientOptions() takes certificate and key together or neither", async () => {
  await using folder = await tempFolder();
  const { client } = await makeCertificates(folder.path);
  expect(() => tlsClientOptions({ cert: client.cert }, "h")).toThrow("cert and key must both be supplied or neither");
  expect(tlsClientOptions({ cert: "", key: "" }, "h")).not.toHaveProperty("cert");
  expect(tlsClientOptions(client, "h")).toHaveProperty("key");
});

test("tlsClientOptions() sends names as server name, addresses not", () => {
  expect(tlsClientOptions({}, "node.example")).toMatchObject({ servername: "node.example", rejectUnauthorized: true });
  expect(tlsClientOptions({}, "10.0.0.1")).not.toHaveProperty("servername");
  const unnamed = tlsClientOptions({ skipHostNameCheck: true }, "h");
  expect(unnamed).toMatchObject({ rejectUnauthorized: true, checkServerIdentity: expect.any(Function) });
  expect(tlsClientOptions({ insecureSkipVerify: true }, "h")).toMatchObject({ rejectUnauthorized: false });
});
