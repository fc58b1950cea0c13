import type { KeyObject } from "node:crypto";
import { MeshError } from "../errors.ts";
import { makeKey } from "./keys.ts";
import { readKeyFile, writeKeyFile, writePemFile } from "./pem-files.ts";
import { encodeSubjectNames, type SubjectNames } from "./subject-names.ts";
import { commonNameOnly, extension, publicKeyBytes, writeRequest } from "./x509-writing.ts";

/** What `cert-makereq` is given (spec §5.6): exactly one of `inKey` and `outKey`, and `bits` for a new key. */
export interface RequestOptions extends SubjectNames {
  readonly commonName: string;
  readonly bits?: number | undefined;
  readonly outReq: string;
  readonly inKey?: string | undefined;
  readonly outKey?: string | undefined;
}

/**
 * Make a request for a certificate, with a new key or one that is there.
 *
 * @throws {MeshError} `CERTIFICATE_INVALID`, `CERTIFICATE_NOT_WRITTEN`
 */
export async function makeRequest(options: RequestOptions): Promise<void> {
  const fault = keyFault(options) ?? nameFault(options);
  if (fault !== undefined) throw new MeshError("CERTIFICATE_INVALID", fault);
  const names = encodeSubjectNames(options);
  const key = await keyFor(options);
  const isNamed = [options.dnsNames, options.ipAddresses, options.nodeIds].some(({ length }) => length > 0);
  const request = writeRequest(
    {
      subject: commonNameOnly(options.commonName),
      publicKey: publicKeyBytes(key),
      extensions: isNamed ? [extension("2.5.29.17", names)] : [],
    },
    key,
  );
  if (options.outKey) await writeKeyFile(options.outKey, key);
  await writePemFile(options.outReq, "CERTIFICATE REQUEST", request);
}

async function keyFor({ inKey, bits = 0 }: RequestOptions): Promise<KeyObject> {
  return inKey ? await readKeyFile(inKey) : await makeKey(bits);
}

function keyFault({ inKey, outKey, bits }: RequestOptions): string | undefined {
  if (!inKey && !outKey) return "must provide either InKey or OutKey";
  if (inKey && outKey) return "cannot use both InKey and OutKey";
  if (inKey && bits) return "cannot specify key bits when reading an already-existing key";
  return outKey && !bits ? "must specify key bits when creating a new key" : undefined;
}

function nameFault({ dnsNames }: SubjectNames): string | undefined {
  const strange = dnsNames.find((name) => /[^\x20-\x7e]/.test(name));
  return strange === undefined ? undefined : `x509: "${strange}" cannot be encoded as an IA5String`;
}
