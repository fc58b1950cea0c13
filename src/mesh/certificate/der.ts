import { MeshError } from "../errors.ts";

/** One value of DER: `content` are the bytes inside, `whole` those with tag and length. Both share memory with the input. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/** Tags that certificates use. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** No certificate or request is longer, in bytes. */
const longest = 256 * 1024;

/** The one value that fills `bytes`. @throws {MeshError} `CERTIFICATE_INVALID` when it does not. */
export function readDer(bytes: Uint8Array, tag?: number): DerValue {
  if (bytes.length > longest) throw invalid(`${bytes.length} bytes are too many`);
  const value = valueAt(bytes, 0);
  if (value.whole.length !== bytes.length) throw invalid("bytes follow the end");
  if (tag !== undefined && value.tag !== tag) throw invalid(`tag ${value.tag} where ${tag} is due`);
  return value;
}

/** The values inside a constructed one. Looks one level deep: callers go down a known path. @throws {MeshError} */
export function readChildren({ content }: DerValue): DerValue[] {
  const children: DerValue[] = [];
  for (let at = 0; at < content.length; ) {
    const child = valueAt(content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

/** A value that must be there and have this tag. @throws {MeshError} */
export function expectTag(value: DerValue | undefined, tag: number): DerValue {
  if (value?.tag !== tag) throw invalid(`tag ${value?.tag ?? "missing"} where ${tag} is due`);
  return value;
}

/** The bytes of a BIT STRING of whole bytes, as keys and signatures are. @throws {MeshError} */
export function bitStringBytes(value: DerValue | undefined): Uint8Array {
  const { content } = expectTag(value, tags.bitString);
  if (content[0] !== 0) throw invalid("a bit string is not made of bytes");
  return content.subarray(1);
}

/** Only DER will do: one-byte tags, definite lengths, and those as short as they can be. */
function valueAt(bytes: Uint8Array, at: number): DerValue {
  const tag = byteAt(bytes, at);
  if ((tag & 0x1f) === 0x1f) throw invalid("a tag is longer than one byte");
  const first = byteAt(bytes, at + 1);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || lengthBytes > 4) throw invalid("a length is indefinite or too long");
  let length = lengthBytes === 0 ? first : 0;
  for (let index = 0; index < lengthBytes; index++) length = length * 256 + byteAt(bytes, at + 2 + index);
  if (lengthBytes > 0 && length < (lengthBytes === 1 ? 0x80 : 256 ** (lengthBytes - 1)))
    throw invalid("a length is written longer than it must be");
  const start = at + 2 + lengthBytes;
  if (length > bytes.length - start) throw invalid("it ends too early");
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw invalid("it ends too early");
  return byte;
}

function invalid(why: string): MeshError {
  return new MeshError("CERTIFICATE_INVALID", `x509: malformed certificate data: ${why}`);
}
