/** A piece of a recorded TCP stream; `at` in milliseconds since it began. */
export interface StreamPiece {
  readonly at: number;
  readonly from: "worker" | "client" | "nobody";
  /** As people read it: what is no plain character is a dot. */
  readonly text: string;
  readonly bytes: number;
}

/** One line of such a recording; undefined: it says nothing that is shown. */
export function streamPiece(line: string): StreamPiece | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { at, from, data, gap } = { at: 0, from: "", data: "", gap: 0, ...(value as object) };
  if (typeof at !== "number") return undefined;
  if (typeof gap === "number" && gap > 0) {
    return { at, from: "nobody", text: `${gap} bytes are missing here: they could not be written`, bytes: 0 };
  }
  if ((from !== "worker" && from !== "client") || typeof data !== "string" || data === "") return undefined;
  const bytes = bytesOf(data);
  return bytes && { at, from, text: plainText(bytes), bytes: bytes.length };
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Lines stay lines. */
function plainText(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes).replaceAll(/[^\n\x20-\x7e]/g, (one) => (one === "\r" ? "" : "·"));
}
