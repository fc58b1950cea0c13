import { FleetError } from "./errors.ts";

/** A message of a WebSocket, or its last word. */
export type SocketMessage =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary"; readonly bytes: Uint8Array }
  /** `code` as RFC 6455 §7.4 has them. */
  | { readonly kind: "close"; readonly code: number };

/** Longer messages are refused on both sides, bytes. */
export const maxSocketMessageBytes = 1024 * 1024;

const headBytes = 5;
const kinds = { text: 1, binary: 2, close: 8 } as const;

/** A message as it goes over a stream: a byte for its kind, 4 bytes of length (most significant first), and its bytes. */
export function encodeSocketMessage(message: SocketMessage): Buffer {
  const bytes = bytesOf(message);
  if (bytes.length > maxSocketMessageBytes)
    throw new FleetError("MESSAGE_TOO_LARGE", `a message of ${bytes.length} bytes is too long`);
  const head = Buffer.alloc(headBytes);
  head[0] = kinds[message.kind];
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/**
 * The messages in a stream, one after another; it ends with the stream.
 *
 * @throws {FleetError} MESSAGE_INVALID, MESSAGE_TOO_LARGE; also when the stream ends in the middle of one.
 */
export async function* decodeSocketMessages(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SocketMessage> {
  let piece = new Piece(headBytes);
  let kind: number | undefined;
  for await (const chunk of chunks) {
    for (let rest = chunk; ; ) {
      rest = piece.take(rest);
      if (!piece.isWhole) break;
      if (kind === undefined) {
        [kind] = piece.bytes;
        piece = new Piece(lengthIn(piece.bytes));
      } else {
        yield messageOf(kind, piece.bytes);
        kind = undefined;
        piece = new Piece(headBytes);
      }
    }
  }
  if (kind !== undefined || !piece.isEmpty) throw invalid("the stream ended in the middle of it");
}

/** So many bytes that come in any number of chunks: one piece of memory, whatever the chunks are like. */
class Piece {
  readonly bytes: Buffer;
  #filled = 0;

  constructor(length: number) {
    this.bytes = Buffer.alloc(length);
  }

  get isEmpty(): boolean {
    return this.#filled === 0;
  }

  get isWhole(): boolean {
    return this.#filled === this.bytes.length;
  }

  /** @returns what is left of the chunk. */
  take(chunk: Uint8Array): Uint8Array {
    const part = chunk.subarray(0, this.bytes.length - this.#filled);
    this.bytes.set(part, this.#filled);
    this.#filled += part.length;
    return chunk.subarray(part.length);
  }
}

function lengthIn(head: Buffer): number {
  const length = head.readUInt32BE(1);
  if (length <= maxSocketMessageBytes) return length;
  throw new FleetError("MESSAGE_TOO_LARGE", `a message of ${length} bytes is too long`);
}

function bytesOf(message: SocketMessage): Uint8Array {
  switch (message.kind) {
    case "text":
      return Buffer.from(message.text);
    case "binary":
      return message.bytes;
    case "close":
      return Buffer.of(message.code >> 8, message.code & 0xff);
  }
}

function messageOf(kind: number, body: Buffer): SocketMessage {
  switch (kind) {
    case kinds.text:
      return { kind: "text", text: textIn(body) };
    case kinds.binary:
      return { kind: "binary", bytes: body };
    case kinds.close:
      if (body.length !== 2) throw invalid("a last word has two bytes");
      return { kind: "close", code: body.readUInt16BE() };
    default:
      throw invalid(`there is no kind ${kind}`);
  }
}

function textIn(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid("its text is not UTF-8");
  }
}

const invalid = (why: string): FleetError =>
  new FleetError("MESSAGE_INVALID", `a message of a WebSocket is none: ${why}`);
