import { mkdir, readdir, rmdir, stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { openAuthority } from "./certificates.ts";

test("an authority is made once, its key for us alone", async () => {
  await using folder = await tempFolder();
  const made = await openAuthority(folder.path);
  expect((await openAuthority(folder.path)).certificate).toBe(made.certificate);
  expect((await stat(made.files.key)).mode & 0o077).toBe(0);
  expect((await readdir(folder.path)).toSorted()).toEqual(["authority.crt", "authority.key"]);
});

test("a start that broke off while it made one leaves nothing that keeps the next from making it", async () => {
  await using folder = await tempFolder();
  // The certificate cannot be written, as on a disk that is full by then.
  await mkdir(folder.file("authority.crt"));
  await expect(openAuthority(folder.path)).rejects.toThrow(/authority\.crt/);
  await rmdir(folder.file("authority.crt"));
  const { certificate } = await openAuthority(folder.path);
  expect(certificate).toContain("BEGIN CERTIFICATE");
});
