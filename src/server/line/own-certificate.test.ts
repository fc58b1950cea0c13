import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { openAuthority } from "./certificates.ts";
import { openOwnCertificate } from "./own-certificate.ts";

const dayMs = 24 * 3_600_000;

test("openOwnCertificate() makes a certificate once, and another by the same key 60 days before its end (CAT-36)", async () => {
  await using folder = await tempFolder();
  const authority = await openAuthority(folder.path);
  const begun = Date.now();
  const after = (days: number) =>
    openOwnCertificate(folder.path, "server", ["farm.example", "127.0.0.1"], authority, new Date(begun + days * dayMs));
  const first = await after(0);
  expect(first.isNew).toBe(true);
  const text = () => readFile(first.cert, "utf8");
  const [certificate, key] = [await text(), await readFile(first.key, "utf8")];
  expect(await after(304)).toMatchObject({ isNew: false });
  expect(await text()).toBe(certificate);
  expect(await after(306)).toMatchObject({ isNew: true });
  expect(await readFile(first.key, "utf8")).toBe(key);
  const renewed = new X509Certificate(await text());
  expect(Date.parse(renewed.validTo) - begun).toBeGreaterThan(600 * dayMs);
  // Good at once, also for whose clock is right while the server's was ahead.
  expect(Date.parse(renewed.validFrom)).toBeLessThanOrEqual(begun);
  expect(renewed.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(renewed.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect(await after(307)).toMatchObject({ isNew: false });
});
