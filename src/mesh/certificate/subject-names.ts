import { isIPv4, isIPv6, SocketAddress } from "node:net";
import { MeshError } from "../errors.ts";
import { type DerValue, expectTag, readChildren, readDer, tags } from "./der.ts";
import { der, oid, sequence, tagged, utf8 } from "./der-writing.ts";
import { idFrom, idOf } from "./x509-fields.ts";

/** The names of a subjectAltName that Receptor makes and reads (spec §4.5, §5.6). */
export interface SubjectNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly nodeIds: readonly string[];
}

/** The kind of otherName that is a node id. */
const nodeIdName = "1.3.6.1.4.1.2312.19.1";
const nodeIdKey = idOf(nodeIdName);

/** Tags of general names. */
const kinds = { other: 0xa0, dns: 0x82, ip: 0x87 } as const;

/** The general name for a node id, golden bytes in spec §4.5. */
export function encodeNodeIdName(nodeId: string): Uint8Array {
  return tagged(0, oid(nodeIdName), tagged(0, utf8(nodeId)));
}

/** The value of a subjectAltName extension: DNS names, addresses and node ids in that order. */
export function encodeSubjectNames({ dnsNames, ipAddresses, nodeIds }: SubjectNames): Uint8Array {
  return sequence(
    ...dnsNames.map((name) => der(kinds.dns, Buffer.from(name, "latin1"))),
    ...ipAddresses.map((address) => der(kinds.ip, addressBytes(address))),
    ...nodeIds.map(encodeNodeIdName),
  );
}

/** Read such a value; names of other kinds are passed over. @throws {MeshError} when it is malformed anywhere. */
export function decodeSubjectNames(value: Uint8Array): SubjectNames {
  const names = readChildren(readDer(value, tags.sequence));
  return {
    dnsNames: ofKind(names, kinds.dns).map(({ content }) => Buffer.from(content).toString("latin1")),
    ipAddresses: ofKind(names, kinds.ip).map(({ content }) => addressText(content)),
    nodeIds: ofKind(names, kinds.other).flatMap(nodeIdIn),
  };
}

function ofKind(names: readonly DerValue[], kind: number): DerValue[] {
  return names.filter(({ tag }) => tag === kind);
}

function nodeIdIn(name: DerValue): string[] {
  const [kind, value] = readChildren(name);
  if (idFrom(kind) !== nodeIdKey) return [];
  const { content } = readDer(expectTag(value, 0xa0).content, tags.utf8);
  try {
    return [new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content)];
  } catch (cause) {
    throw new MeshError("CERTIFICATE_INVALID", "x509: a Receptor node ID is not UTF-8", { cause });
  }
}

/** @throws {MeshError} when the text is no address. */
function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split(".").map(Number));
  // A zone means something on one machine only.
  if (!isIPv6(address) || address.includes("%"))
    throw new MeshError("CERTIFICATE_INVALID", `invalid IP address: ${address}`);
  const { address: plain } = new SocketAddress({ address, family: "ipv6" });
  const mapped = /^::ffff:([\d.]+)$/.exec(plain)?.[1];
  // Written like IPv4, read like IPv4: verifiers compare the four bytes.
  return mapped ? addressBytes(mapped) : ipv6Bytes(plain);
}

function ipv6Bytes(address: string): Uint8Array {
  const dotted = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => `${hexPair(a, b)}:${hexPair(c, d)}`);
  const [head = [], tail = []] = dotted.split("::").map((side) => side.split(":").filter(Boolean));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}

function hexPair(high: string, low: string): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) throw new MeshError("CERTIFICATE_INVALID", "x509: cannot parse IP address");
  const groups = Buffer.from(bytes).toString("hex").match(/.{4}/g) ?? [];
  return new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address;
}
