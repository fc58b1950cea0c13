import { WorkError } from "../errors.ts";

const blank = " \t\r\n";

/**
 * Split params into words as a shell would, with no expansion of any kind (spec §2.4).
 *
 * `'…'` is literal, a backslash makes the next character literal inside `"…"` and outside quotes, `#` at the start of a
 * word begins a comment.
 *
 * @throws {WorkError} `PARAMS_REFUSED` for an open quote or a last backslash.
 */
export function splitParams(text: string): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (blank.includes(text.charAt(at))) at++;
    else if (text[at] === "#") at = endOfLine(text, at);
    else {
      const { word, next } = readWord(text, at);
      words.push(word);
      at = next;
    }
  }
  return words;
}

function readWord(text: string, start: number): { word: string; next: number } {
  let word = "";
  let at = start;
  while (at < text.length && !blank.includes(text.charAt(at))) {
    const piece = readPiece(text, at);
    word += piece.text;
    at = piece.next;
  }
  return { word, next: at };
}

function readPiece(text: string, at: number): { text: string; next: number } {
  const first = text.charAt(at);
  if (first === "'") return readSingle(text, at + 1);
  if (first === '"') return readDouble(text, at + 1);
  if (first === "\\") return { text: escaped(text, at), next: at + 2 };
  return { text: first, next: at + 1 };
}

function readSingle(text: string, at: number): { text: string; next: number } {
  const end = text.indexOf("'", at);
  if (end < 0) throw openQuote();
  return { text: text.slice(at, end), next: end + 1 };
}

function readDouble(text: string, start: number): { text: string; next: number } {
  let out = "";
  for (let at = start; at < text.length; at++) {
    if (text[at] === '"') return { text: out, next: at + 1 };
    if (text[at] === "\\") out += escaped(text, at++);
    else out += text.charAt(at);
  }
  throw openQuote();
}

function escaped(text: string, at: number): string {
  if (at + 1 >= text.length) throw new WorkError("PARAMS_REFUSED", "EOF found after escape character");
  return text.charAt(at + 1);
}

function openQuote(): WorkError {
  return new WorkError("PARAMS_REFUSED", "EOF found when expecting closing quote");
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/**
 * Params of the work type and of the request as one text.
 *
 * @throws {WorkError} `PARAMS_REFUSED` when the type takes none at run time.
 */
export function mergeParams(fixed: string, atRunTime: string, allowed: boolean): string {
  if (atRunTime !== "" && !allowed) throw new WorkError("PARAMS_REFUSED", "extra params provided but not allowed");
  return [fixed, atRunTime].filter((part) => part !== "").join(" ");
}
