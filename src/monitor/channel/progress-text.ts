/**
 * The text of a progress message, as the WebSocket frame that every viewer of it gets.
 *
 * A JSON object with its keys in alphabetical order, a space after colon and comma, and everything but ASCII escaped
 * (ReCodEx specification §7). Made once for each message, as bytes: most are plain ASCII and are copied as they came.
 */
import { textFrame } from "./text-frame.ts";

const opening = Buffer.from('{"command": "');
const taskId = Buffer.from('", "task_id": "');
const taskState = Buffer.from('", "task_state": "');
export const closing: Uint8Array = Buffer.from('"}');
/** Names of the frames behind the channel id, in their order, which happens to be that of the alphabet. */
export const partNames: readonly Uint8Array[] = [opening, taskId, taskState];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The frame for a message's parts from `first` on: command, task id, task state, as many as there are; further ones are left out.
 *
 * @returns undefined when there is no part, or one that is no UTF-8: such a message is skipped (§7).
 */
export function progressFrame(parts: readonly Uint8Array[], first = 0): Buffer | undefined {
  if (parts.length <= first) return undefined;
  const pieces: Uint8Array[] = [];
  for (let n = first; n < parts.length; n++) {
    const part = parts[n] as Uint8Array;
    const escaped = isPlain(part) ? part : escapedText(part);
    if (!escaped) return undefined;
    const name = partNames[n - first];
    if (name) pieces.push(name, escaped);
  }
  pieces.push(closing);
  return textFrame(pieces);
}

/** The frame that ends a channel, also where we end it ourselves. */
export const finishedFrame = progressFrame([Buffer.from("FINISHED")]) as Buffer;

/** Of printable ASCII that needs no escape. */
export function isPlainByte(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e && byte !== 0x22 && byte !== 0x5c;
}

function isPlain(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) if (!isPlainByte(bytes[at] as number)) return false;
  return true;
}

/** As Python's `json.dumps` writes it; undefined when it is no UTF-8. */
function escapedText(bytes: Uint8Array): Uint8Array | undefined {
  const text = textOf(bytes);
  if (text === undefined) return undefined;
  const json = JSON.stringify(text).slice(1, -1);
  return Buffer.from(json.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`));
}

/** The text that bytes are in UTF-8; undefined when they are none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
