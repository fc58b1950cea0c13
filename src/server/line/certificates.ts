import { createPrivateKey } from "node:crypto";
import { chmod, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "#core";
import { type Authority, makeAuthority } from "#mesh";

/** Files of the server's authority, which signs the certificates of its node and of its workers. */
export interface AuthorityFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface OpenAuthority extends Authority {
  readonly files: AuthorityFiles;
}

/** The authority of a data folder, made at the first start. @throws {MeshError} `CERTIFICATE_INVALID`, `CERTIFICATE_NOT_WRITTEN` */
export async function openAuthority(folder: string): Promise<OpenAuthority> {
  const files = { certificate: join(folder, "authority.crt"), key: join(folder, "authority.key") };
  if (!(await exists(files.key))) {
    const draft = `${files.key}.new`;
    await makeAuthority({ commonName: "Farhand server authority", outCert: files.certificate, outKey: draft });
    await chmod(draft, 0o600);
    // Last: where there is a key, there is all of it.
    await rename(draft, files.key);
  }
  const [certificate, key] = await Promise.all([readFile(files.certificate, "utf8"), readFile(files.key)]);
  return { certificate, key: createPrivateKey(key), files };
}

async function exists(path: string): Promise<boolean> {
  try {
    await readFile(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}
