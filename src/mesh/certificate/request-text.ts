import { createPublicKey } from "node:crypto";
import { readChildren, readDer, tags } from "./der.ts";
import { printable } from "./printable.ts";
import { algorithmName } from "./signatures.ts";
import type { SubjectNames } from "./subject-names.ts";
import { idFrom, idOf, type RequestFields } from "./x509-fields.ts";

/** A request for people who shall decide about it, as Receptor shows it (spec §5.6). */
export function describeRequest({ subject, publicKey, algorithm }: RequestFields, names: SubjectNames): string {
  const lines = [
    "Requested certificate:",
    `  Subject: ${subjectText(subject)}`,
    `  Encryption Algorithm: ${keyText(publicKey)}`,
    `  Signature Algorithm: ${algorithmName(algorithm)}`,
    "  Names:",
    ...names.dnsNames.map((name) => `    DNS Name: ${name}`),
    ...names.ipAddresses.map((address) => `    IP Address: ${address}`),
    ...names.nodeIds.map((id) => `    Receptor Node ID: ${id}`),
  ];
  return lines.map(printable).join("\n");
}

const shortNames = new Map(
  Object.entries({ CN: "2.5.4.3", C: "2.5.4.6", L: "2.5.4.7", ST: "2.5.4.8", O: "2.5.4.10", OU: "2.5.4.11" }).map(
    ([name, dotted]) => [idOf(dotted), name],
  ),
);

/** `CN=a,O=b`: the last part first, as RFC 2253 has it. */
function subjectText(subject: Uint8Array): string {
  const parts = readChildren(readDer(subject, tags.sequence)).flatMap((set) => readChildren(set).map(readChildren));
  const texts = parts.map(([id, value]) => {
    const key = idFrom(id);
    return `${shortNames.get(key) ?? key}=${Buffer.from(value?.content ?? []).toString()}`;
  });
  return texts.reverse().join(",");
}

function keyText(publicKey: Uint8Array): string {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: "der", type: "spki" });
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const size = modulusLength ? ` (${modulusLength} bits)` : namedCurve ? ` (${namedCurve})` : "";
  return `${(key.asymmetricKeyType ?? "unknown").toUpperCase()}${size}`;
}
