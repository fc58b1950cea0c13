import { MeshError } from "../../errors.ts";
import { headroomBytes } from "./pipe.ts";

/** What one frame says (docs/wire/direct-streams.md). `id` names the stream on its link. */
export type Frame = OpenFrame | AcceptFrame | RefuseFrame | DataFrame | WindowFrame | FinFrame | ResetFrame;

/** Control goes before data whenever both have something to send. */
export type Priority = "control" | "data";

/** A stream is asked for. */
export interface OpenFrame {
  readonly kind: "open";
  readonly id: number;
  readonly priority: Priority;
  /** Bytes the one who accepts may send before he is granted more. */
  readonly window: number;
  readonly fromNode: string;
  /** Where the stream is to end: the receiver, or a node it splices to. */
  readonly toNode: string;
  readonly service: string;
}

/** The stream is there. */
export interface AcceptFrame {
  readonly kind: "accept";
  readonly id: number;
  /** Bytes the one who opened may send before he is granted more. */
  readonly window: number;
}

/** The stream will not be. */
export interface RefuseFrame {
  readonly kind: "refuse";
  readonly id: number;
  readonly code: number;
  readonly text: string;
}

/** Bytes of a stream, at least one. */
export interface DataFrame {
  readonly kind: "data";
  readonly id: number;
  readonly payload: Uint8Array;
}

/** The sender may send so many bytes more. */
export interface WindowFrame {
  readonly kind: "window";
  readonly id: number;
  readonly credit: number;
}

/** No more bytes come in this direction. */
export interface FinFrame {
  readonly kind: "fin";
  readonly id: number;
}

/** Both directions are over, at once. */
export interface ResetFrame {
  readonly kind: "reset";
  readonly id: number;
  readonly code: number;
  readonly text: string;
}

/** First byte of a frame. Others are ignored, for peers to come. */
const types = { open: 1, accept: 2, refuse: 3, data: 4, window: 5, fin: 6, reset: 7 } as const;
const kinds = new Map<number, Frame["kind"]>(
  Object.entries(types).map(([kind, type]) => [type, kind as Frame["kind"]]),
);
const priorities: readonly Priority[] = ["control", "data"];

const idBytes = 6;
/** Type and stream id, in front of every frame. */
export const frameHeaderBytes = 1 + idBytes;
/** Largest stream id: no link lives long enough to use them up. */
export const lastStreamId = 2 ** (8 * idBytes) - 1;
/** Node ids and service names are at most this long, in bytes. */
export const maxNameBytes = 255;
/** Texts of refusals and resets are cut to this length, in bytes; none is longer. */
const maxTextBytes = 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Any frame as bytes, with {@link headroomBytes} before it. @throws {RangeError} for a name or number out of bounds. */
export function encodeFrame(frame: Frame): Buffer {
  switch (frame.kind) {
    case "open":
      return encodeOpen(frame);
    case "accept":
      return withNumber(types.accept, frame.id, frame.window);
    case "window":
      return withNumber(types.window, frame.id, frame.credit);
    case "fin":
      return blankFrame(types.fin, frame.id, 0);
    case "refuse":
    case "reset":
      return withReason(types[frame.kind], frame);
    case "data": {
      const bytes = blankDataFrame(frame.id, frame.payload.length);
      bytes.set(frame.payload, frameHeaderBytes);
      return bytes;
    }
  }
}

/** A data frame whose payload is still to be filled in, from {@link frameHeaderBytes} on. */
export function blankDataFrame(id: number, length: number): Buffer {
  return blankFrame(types.data, id, length);
}

/**
 * What the bytes say, or undefined for a type this version does not know. Bytes behind the last field of anything but
 * data are ignored; a payload shares the memory of `bytes`.
 *
 * @throws {MeshError} `PACKET_INVALID`
 */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  const reader = new FieldReader(bytes);
  const kind = kinds.get(reader.number(1));
  if (kind === undefined) return undefined;
  const id = reader.number(idBytes);
  switch (kind) {
    case "open":
      return readOpen(id, reader);
    case "accept":
      return { kind, id, window: reader.number(4) };
    case "refuse":
    case "reset":
      return { kind, id, code: reader.number(2), text: reader.reason() };
    case "data":
      return { kind, id, payload: notEmpty(reader.rest()) };
    case "window":
      return { kind, id, credit: reader.number(4) };
    case "fin":
      return { kind, id };
  }
}

function readOpen(id: number, reader: FieldReader): OpenFrame {
  const priority = priorities[reader.number(1)] ?? "data";
  const window = reader.number(4);
  const [fromNode, toNode, service] = [reader.name(), reader.name(), reader.name()];
  return { kind: "open", id, priority, window, fromNode, toNode, service };
}

function encodeOpen({ id, priority, window, fromNode, toNode, service }: OpenFrame): Buffer {
  const names = [fromNode, toNode, service].map((name) => Buffer.from(name));
  for (const name of names) {
    if (name.length === 0 || name.length > maxNameBytes)
      throw new RangeError(`a name has 1 to ${maxNameBytes} bytes, not ${name.length}`);
  }
  const bytes = blankFrame(
    types.open,
    id,
    names.reduce((length, name) => length + 1 + name.length, 5),
  );
  let at = bytes.writeUInt8(priorities.indexOf(priority), frameHeaderBytes);
  at = bytes.writeUInt32BE(window, at);
  for (const name of names) {
    at = bytes.writeUInt8(name.length, at);
    at += name.copy(bytes, at);
  }
  return bytes;
}

function withNumber(type: number, id: number, value: number): Buffer {
  const bytes = blankFrame(type, id, 4);
  bytes.writeUInt32BE(value, frameHeaderBytes);
  return bytes;
}

function withReason(type: number, { id, code, text }: RefuseFrame | ResetFrame): Buffer {
  const encoded = cutText(text);
  const bytes = blankFrame(type, id, 4 + encoded.length);
  bytes.writeUInt16BE(code, frameHeaderBytes);
  bytes.writeUInt16BE(encoded.length, frameHeaderBytes + 2);
  encoded.copy(bytes, frameHeaderBytes + 4);
  return bytes;
}

/** At most {@link maxTextBytes} bytes of a text, with no character cut in two. */
function cutText(text: string): Buffer {
  const bytes = Buffer.alloc(maxTextBytes);
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written);
}

function blankFrame(type: number, id: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(headroomBytes + frameHeaderBytes + length).subarray(headroomBytes);
  bytes[0] = type;
  bytes.writeUIntBE(id, 1, idBytes);
  return bytes;
}

function notEmpty(payload: Uint8Array): Uint8Array {
  if (payload.length === 0) throw new MeshError("PACKET_INVALID", "a data frame carries no data");
  return payload;
}

/** Reads fields one behind the other. */
class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** An unsigned number, most significant byte first. */
  number(length: number): number {
    const at = this.#advance(length);
    return this.#bytes.readUIntBE(at, length);
  }

  name(): string {
    const length = this.number(1);
    if (length === 0) throw new MeshError("PACKET_INVALID", "a name in a stream's frame is empty");
    return this.text(length);
  }

  reason(): string {
    const length = this.number(2);
    if (length > maxTextBytes) throw new MeshError("PACKET_INVALID", `a stream's frame has a text of ${length} bytes`);
    return this.text(length);
  }

  text(length: number): string {
    const at = this.#advance(length);
    try {
      return utf8.decode(this.#bytes.subarray(at, at + length));
    } catch (error) {
      throw new MeshError("PACKET_INVALID", "a text in a stream's frame is not UTF-8", { cause: error });
    }
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  #advance(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new MeshError("PACKET_INVALID", "a stream's frame is cut short");
    this.#at = at + length;
    return at;
  }
}
