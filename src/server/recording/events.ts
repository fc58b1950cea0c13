/** What a recording is of. */
export interface RecordingHead {
  readonly id: string;
  /** A terminal, or a TCP stream. */
  readonly kind: "shell" | "tcp";
  /** Whether the stream ends when it cannot be written, or goes on with a mark. */
  readonly mode: "strict" | "bestEffort";
  readonly worker: { readonly id: string; readonly name: string };
  readonly user: { readonly id: string; readonly name: string };
  /** Of a TCP stream. */
  readonly service?: string;
  /** Where the user came from. */
  readonly source: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Of a terminal, in characters, as it was opened. */
  readonly rows?: number;
  readonly columns?: number;
}

/** Something that crossed, or was noted; `at` in milliseconds since the recording began. */
export type RecordingEvent = { readonly at: number } & (
  | { readonly kind: "head"; readonly head: RecordingHead }
  /** From the worker: what a terminal shows. */
  | { readonly kind: "output"; readonly bytes: Uint8Array }
  /** To the worker. Keys of a terminal are not among them: what is typed unseen is a password. */
  | { readonly kind: "input"; readonly bytes: Uint8Array }
  | { readonly kind: "size"; readonly rows: number; readonly columns: number }
  /** So many bytes crossed here that could not be written. */
  | { readonly kind: "gap"; readonly bytes: number }
  | { readonly kind: "end"; readonly why: string }
);

type EventKind = RecordingEvent["kind"];
const kinds: readonly EventKind[] = ["head", "output", "input", "size", "gap", "end"];
const headBytes = 9;

/** An event as bytes: its kind, its time, and what it holds. */
export function encodeEvent(event: RecordingEvent): Buffer {
  const body = bodyOf(event);
  const head = Buffer.alloc(headBytes);
  head[0] = kinds.indexOf(event.kind);
  head.writeDoubleBE(event.at, 1);
  return Buffer.concat([head, body]);
}

/** The other way; what we sealed ourselves is what it was. */
export function decodeEvent(bytes: Buffer): RecordingEvent {
  const kind = kinds[bytes[0] ?? kinds.length];
  const at = bytes.readDoubleBE(1);
  const body = bytes.subarray(headBytes);
  switch (kind) {
    case "output":
    case "input":
      return { kind, at, bytes: body };
    case "head":
    case "size":
    case "gap":
    case "end":
      return { ...(JSON.parse(body.toString()) as object), kind, at } as RecordingEvent;
    default:
      throw new TypeError("an event of a recording is none");
  }
}

function bodyOf(event: RecordingEvent): Uint8Array {
  if (event.kind === "output" || event.kind === "input") return event.bytes;
  const { kind: _kind, at: _at, ...more } = event;
  return Buffer.from(JSON.stringify(more));
}
