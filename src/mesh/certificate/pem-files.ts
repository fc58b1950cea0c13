import { createPrivateKey, type KeyObject, randomUUID, X509Certificate } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { errorText } from "#core";
import { MeshError } from "../errors.ts";
import { encodePem, parsePem, type PemObject } from "./pem.ts";
import { type RequestFields, requestFields } from "./x509-fields.ts";

/** The private key of a file that holds one, in whatever form it is not encrypted. @throws {MeshError} */
export async function readKeyFile(path: string): Promise<KeyObject> {
  const { text } = await onlyObject(path, "private keys", (label) => label.endsWith("PRIVATE KEY"));
  return readable(path, () => createPrivateKey(text));
}

/** The certificate of a file that holds one. @throws {MeshError} */
export async function readCertificateFile(path: string): Promise<X509Certificate> {
  const { der } = await onlyObject(path, "certificates", (label) => label === "CERTIFICATE");
  return readable(path, () => new X509Certificate(der));
}

/** The certificate request of a file that holds one. @throws {MeshError} */
export async function readRequestFile(path: string): Promise<RequestFields> {
  const { der } = await onlyObject(path, "certificate requests", (label) => label.endsWith("CERTIFICATE REQUEST"));
  return readable(path, () => requestFields(der));
}

/** Write a key as PKCS#1 where it is RSA, as Receptor does, for its owner alone. @throws {MeshError} */
export async function writeKeyFile(path: string, key: KeyObject): Promise<void> {
  const type = key.asymmetricKeyType === "rsa" ? "pkcs1" : "pkcs8";
  await writeWhole(path, key.export({ type, format: "pem" }).toString());
}

/** Write a certificate or request. @throws {MeshError} */
export async function writePemFile(path: string, label: string, der: Uint8Array): Promise<void> {
  await writeWhole(path, encodePem(label, der));
}

async function onlyObject(path: string, what: string, isWanted: (label: string) => boolean): Promise<PemObject> {
  const [first, second] = parsePem(await readText(path)).filter(({ label }) => isWanted(label));
  if (!first) throw new MeshError("CERTIFICATE_INVALID", `no ${what} in file ${path}`);
  if (second) throw new MeshError("CERTIFICATE_INVALID", `multiple ${what} in file ${path}`);
  return first;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "latin1");
  } catch (cause) {
    throw new MeshError("CERTIFICATE_INVALID", `cannot read ${path}: ${errorText(cause)}`, { cause });
  }
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new MeshError("CERTIFICATE_INVALID", `cannot read ${path}: ${errorText(cause)}`, { cause });
  }
}

/** A reader, or a crash, meets the old file or the new one whole. The old one is replaced, as Receptor does. */
async function writeWhole(path: string, text: string): Promise<void> {
  // A pipe or a terminal cannot be replaced.
  const isSpecial = await stat(path).then(
    (found) => !found.isFile() && !found.isDirectory(),
    () => false,
  );
  const target = isSpecial ? path : `${path}.${randomUUID()}.new`;
  try {
    const file = await open(target, isSpecial ? "w" : "wx", 0o600);
    try {
      await file.writeFile(text);
      if (!isSpecial) await file.sync();
    } finally {
      await file.close();
    }
    if (!isSpecial) await rename(target, path);
  } catch (cause) {
    if (!isSpecial) await rm(target, { force: true });
    throw new MeshError("CERTIFICATE_NOT_WRITTEN", `cannot write ${path}: ${errorText(cause)}`, { cause });
  }
}
