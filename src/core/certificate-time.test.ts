import { readFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { makeCertificates } from "../../test/kit/certificates.ts";
import { tempFolder } from "../../test/kit/temp-folder.ts";
import { certificateTimeFault } from "./certificate-time.ts";

const dayMs = 24 * 60 * 60_000;

test("a certificate's time is found fault with before it begins, after it has ended, and shortly before that", async () => {
  await using folder = await tempFolder();
  const pem = readFileSync((await makeCertificates(folder.path)).server.cert);
  const { validFrom, validTo } = new X509Certificate(pem);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  expect(certificateTimeFault(pem, from - 1)).toContain("valid only from");
  expect(certificateTimeFault(pem, from)).toBeUndefined();
  expect(certificateTimeFault(pem, to)).toContain("has ended");
  // Of a short one the last third is its end, of a long one the last fortnight.
  const soonMs = Math.min(14 * dayMs, (to - from) / 3);
  expect(certificateTimeFault(pem, to - soonMs - 1_000)).toBeUndefined();
  expect(certificateTimeFault(pem, to - soonMs + 1_000)).toContain("ends on");
});
