import { MeshError } from "../errors.ts";
import { printable } from "./printable.ts";
import { decodeSubjectNames, type SubjectNames } from "./subject-names.ts";
import { certificateFields, extensionIds } from "./x509-fields.ts";

const noNames: SubjectNames = { dnsNames: [], ipAddresses: [], nodeIds: [] };

/**
 * The node ids a certificate (DER) names (spec §4.5). It comes from anybody: whatever is malformed names nobody.
 *
 * Nothing is verified: that the certificate may be believed is another question ({@link verifyChain}).
 */
export function nodeIdsOfCertificate(certificate: Uint8Array): readonly string[] {
  try {
    return namesOfCertificate(certificate).nodeIds;
  } catch (error) {
    if (error instanceof MeshError) return [];
    throw error;
  }
}

/** All names of a certificate (DER). @throws {MeshError} `CERTIFICATE_INVALID` */
export function namesOfCertificate(certificate: Uint8Array): SubjectNames {
  const names = certificateFields(certificate).extensions.get(extensionIds.subjectAltName);
  return names ? decodeSubjectNames(names.value) : noNames;
}

/** Why a certificate (DER) is not one of node `nodeId`, or undefined when it is. In Receptor's words (spec §4.5). */
export function checkNodeId(certificate: Uint8Array, nodeId: string): string | undefined {
  const ids = nodeIdsOfCertificate(certificate);
  if (ids.includes(nodeId)) return undefined;
  if (ids.length === 0)
    return `x509: certificate is not valid for any Receptor node IDs, but wanted to match ${nodeId}`;
  const named = ids.map(printable).join(", ");
  return `x509: certificate is valid for Receptor node ID${ids.length > 1 ? "s" : ""} ${named}, not ${nodeId}`;
}
