import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { makeCertificates } from "../../test/kit/certificates.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import type { Clock } from "./clock.ts";
import { tlsClientSource, tlsServerSource } from "./tls-source.ts";

/** A log that keeps what it heard, and a clock that is turned by hand. */
function watcher() {
  const warned: string[] = [];
  let elapsed = 0;
  const clock: Clock = { now: () => Date.now(), elapsed: () => elapsed, sleep: async () => {} };
  return {
    warned,
    clock,
    log: { warn: (text: string) => void warned.push(text) },
    later: () => void (elapsed += 1000),
  };
}

/** A profile whose files are copies that a test may replace. */
async function renewable(folder: { path: string; file(name: string): string }) {
  const { ca, server, client } = await makeCertificates(folder.path);
  const profile = { cert: folder.file("c"), key: folder.file("k"), clientCas: ca };
  const put = (pair: { cert: string; key: string }): void => {
    copyFileSync(pair.cert, profile.cert);
    copyFileSync(pair.key, profile.key);
  };
  put(server);
  return { ca, server, client, profile, put };
}

test("tlsServerSource() reads its files at first use, and again when they changed", async () => {
  await using folder = await tempFolder();
  const { profile, client, put } = await renewable(folder);
  const { log, clock, later, warned } = watcher();
  const source = tlsServerSource(profile, log, clock);
  const before = source.options();
  expect(before).toMatchObject({ cert: readFileSync(profile.cert), requestCert: true });
  later();
  expect(source.options()).toBe(before);
  put(client);
  expect(source.options()).toBe(before);
  later();
  expect(source.options()).toMatchObject({ cert: readFileSync(client.cert), key: readFileSync(client.key) });
  expect(source.material().cert).toEqual(readFileSync(client.cert));
  expect(warned).toEqual([]);
});

test("a listener's certificate whose time is over is used, and told in the log once", async () => {
  await using folder = await tempFolder();
  const { profile } = await renewable(folder);
  const { log, clock, later, warned } = watcher();
  const source = tlsServerSource(profile, log, { ...clock, now: () => Date.parse("2200-01-01") });
  source.check();
  later();
  expect(source.options()).toBeDefined();
  expect(warned).toEqual([expect.stringMatching(/^the certificate has ended on 20\d\d-.*: renew it$/)]);
});

test("a source keeps its old files while the new ones cannot be used, with one warning for each change", async () => {
  await using folder = await tempFolder();
  const { profile, client, put } = await renewable(folder);
  const { log, clock, later, warned } = watcher();
  const source = tlsServerSource(profile, log, clock);
  const before = source.material();
  copyFileSync(client.cert, profile.cert);
  for (let looks = 0; looks < 3; looks++) {
    later();
    expect(source.material()).toBe(before);
  }
  expect(warned).toEqual([expect.stringContaining("the old ones stay: the certificate, its key")]);
  rmSync(profile.key);
  later();
  expect(source.material()).toBe(before);
  expect(warned[1]).toMatch(/cannot read TLS file/);
  expect(() => source.check()).toThrow(expect.objectContaining({ code: "TLS_FILE_UNREADABLE" }));
  put(client);
  later();
  expect(source.material().key).toEqual(readFileSync(client.key));
  source.check();
  expect(warned).toHaveLength(2);
});

test("a source whose files were never good throws, until they are", async () => {
  await using folder = await tempFolder();
  const { profile, put, server } = await renewable(folder);
  writeFileSync(profile.cert, "no PEM");
  const { log, clock, later, warned } = watcher();
  const source = tlsServerSource(profile, log, clock);
  for (let uses = 0; uses < 2; uses++)
    expect(() => source.options()).toThrow(expect.objectContaining({ code: "TLS_PROFILE_INVALID" }));
  put(server);
  later();
  expect(source.options()).toHaveProperty("cert");
  expect(warned).toEqual([]);
});

test("tlsClientSource() gives the same options for the same host until its files change", async () => {
  await using folder = await tempFolder();
  const { profile, ca, client, put } = await renewable(folder);
  const { log, clock, later } = watcher();
  const source = tlsClientSource({ cert: profile.cert, key: profile.key, rootCas: ca }, log, clock);
  const before = source.options("a.example");
  expect(before).toMatchObject({ servername: "a.example", ca: readFileSync(ca), rejectUnauthorized: true });
  expect(source.options("a.example")).toBe(before);
  expect(source.options("b.example")).toMatchObject({ servername: "b.example" });
  put(client);
  later();
  expect(source.options("a.example")).toMatchObject({ cert: readFileSync(client.cert) });
});

test("tlsClientSource() needs no files at all, and certificate and key together", () => {
  expect(tlsClientSource({ cert: "", key: "" }).material()).toEqual({});
  expect(() => tlsClientSource({ cert: "c" }).material()).toThrow("cert and key must both be supplied or neither");
});
