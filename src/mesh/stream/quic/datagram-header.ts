import { connectionIdBytes } from "./engine.ts";

/** What any version of QUIC shows of a datagram's first packet (RFC 8999), as far as a listener must know it. */
export type DatagramHeader =
  /** Of an established connection. */
  | { readonly kind: "short"; readonly destinationId: string }
  | {
      readonly kind: "long";
      /** The connection id the sender chose for us, or drew by lot while it knew none of ours. */
      readonly destinationId: string;
      readonly sourceId: string;
      readonly version: number;
      /** It begins a connection, if the version is 1. */
      readonly isInitial: boolean;
    };

/** Ids are text of one character per byte, so that they can be keys. Undefined when the bytes are no QUIC datagram. */
export function readDatagramHeader(datagram: Uint8Array): DatagramHeader | undefined {
  const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length);
  const first = bytes[0];
  if (first === undefined) return undefined;
  if ((first & longForm) !== 0) return readLongHeader(bytes, first);
  if (bytes.length <= connectionIdBytes) return undefined;
  return { kind: "short", destinationId: bytes.toString("latin1", 1, 1 + connectionIdBytes) };
}

const longForm = 0x80;
/** Where a long header's first connection id has its length: behind first byte and version. */
const idsAt = 5;

function readLongHeader(bytes: Buffer, first: number): DatagramHeader | undefined {
  const destination = readId(bytes, idsAt);
  const source = destination && readId(bytes, destination.end);
  if (!source) return undefined;
  return {
    kind: "long",
    destinationId: destination.id,
    sourceId: source.id,
    version: bytes.readUInt32BE(1),
    isInitial: (first & 0x30) === 0,
  };
}

function readId(bytes: Buffer, at: number): { readonly id: string; readonly end: number } | undefined {
  const length = bytes[at];
  const end = at + 1 + (length ?? 0);
  // Longer ids may come with some later version; of ours none has them.
  if (length === undefined || length > connectionIdBytes || bytes.length < end) return undefined;
  return { id: bytes.toString("latin1", at + 1, end), end };
}

/** The answer to a datagram of a version we do not speak: it names those we do (RFC 8999 §6). */
export function versionNegotiation(
  { destinationId, sourceId }: { readonly destinationId: string; readonly sourceId: string },
  versions: readonly number[],
): Uint8Array {
  const list = Buffer.alloc(4 * versions.length);
  versions.forEach((version, index) => list.writeUInt32BE(version, 4 * index));
  // Long form with version 0. The ids change places, so that the far end knows its own again.
  return Buffer.concat([Buffer.from([0xc0, 0, 0, 0, 0]), withLength(sourceId), withLength(destinationId), list]);
}

function withLength(id: string): Buffer {
  return Buffer.concat([Buffer.from([id.length]), Buffer.from(id, "latin1")]);
}
