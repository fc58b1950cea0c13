import { messageType } from "./message-types.ts";
import { readServiceName, writeServiceName } from "./service-name.ts";

/** Bytes of a data message before its payload (spec §3.5). */
export const dataHeaderBytes = 36;

const hashBytes = 8;

/** Hops to live an originator starts with; the first copy on a wire carries one less. */
export const firstHops = 30;

/** Where the fields of a data message stand: with `NodeNames.nameAt` a relay reads no more than it needs. */
export const dataOffset = { hops: 1, fromHash: 4, toHash: 12, fromService: 20, toService: 28 } as const;

/** A datagram from a node's service to another's. */
export interface DataMessage {
  /** Hops to live that are left, 0 to 255. */
  readonly hops: number;
  /** See `nodeHash`. */
  readonly fromHash: string;
  readonly toHash: string;
  readonly fromService: string;
  readonly toService: string;
  /** When decoded: a view of the message. */
  readonly payload: Uint8Array;
}

/**
 * A received message as a data message, or undefined when it is none or too short.
 *
 * Fields are read from the message when they are asked for, so this costs a relay next to nothing.
 */
export function decodeData(message: Uint8Array): DataMessage | undefined {
  return isData(message) ? new ReceivedData(message) : undefined;
}

/** True when the message has the type and the length of a data message; all its fields can then be read. */
export function isData(message: Uint8Array): boolean {
  return message[0] === messageType.data && message.length >= dataHeaderBytes;
}

/**
 * The bytes of a data message, in fresh memory.
 *
 * @throws {MeshError} `SERVICE_NAME_INVALID` when a service name is longer than 8 bytes.
 */
export function encodeData({ hops, fromHash, toHash, fromService, toService, payload }: DataMessage): Uint8Array {
  const message = Buffer.allocUnsafe(dataHeaderBytes + payload.length);
  message.fill(0, 0, dataHeaderBytes);
  message[dataOffset.hops] = hops;
  message.write(fromHash, dataOffset.fromHash, hashBytes, "hex");
  message.write(toHash, dataOffset.toHash, hashBytes, "hex");
  writeServiceName(message, dataOffset.fromService, fromService);
  writeServiceName(message, dataOffset.toService, toService);
  message.set(payload, dataHeaderBytes);
  return message;
}

/** Take one hop from a data message, in place. False, and nothing changed, when it has none left: it has expired. */
export function decrementHops(message: Uint8Array): boolean {
  const hops = message[dataOffset.hops] ?? 0;
  if (hops === 0) return false;
  message[dataOffset.hops] = hops - 1;
  return true;
}

class ReceivedData implements DataMessage {
  readonly #message: Uint8Array;

  constructor(message: Uint8Array) {
    this.#message = message;
  }

  get hops(): number {
    return this.#message[dataOffset.hops] as number;
  }

  get fromHash(): string {
    return hashAt(this.#message, dataOffset.fromHash);
  }

  get toHash(): string {
    return hashAt(this.#message, dataOffset.toHash);
  }

  get fromService(): string {
    return readServiceName(this.#message, dataOffset.fromService);
  }

  get toService(): string {
    return readServiceName(this.#message, dataOffset.toService);
  }

  get payload(): Uint8Array {
    return this.#message.subarray(dataHeaderBytes);
  }
}

function hashAt(message: Uint8Array, offset: number): string {
  return Buffer.from(message.buffer, message.byteOffset + offset, hashBytes).toString("hex");
}
