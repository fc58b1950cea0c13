import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const maxBytes = 4_096;
const maxChars = 900;

/** The last line of a log that is not empty, cut to what a status takes; empty when there is none, or no log. */
export function lastWords(path: string): string {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const end = Buffer.alloc(maxBytes);
    const length = readSync(fd, end, 0, maxBytes, Math.max(0, fstatSync(fd).size - maxBytes));
    const lines = end.toString("utf8", 0, length).split("\n");
    return (lines.findLast((line) => line.trim() !== "") ?? "").replaceAll(/\p{C}+/gu, " ").slice(0, maxChars);
  } catch {
    return "";
  } finally {
    closeSync(fd);
  }
}
