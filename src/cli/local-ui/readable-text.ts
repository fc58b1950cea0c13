import { readFileSync, statSync } from "node:fs";

/** Authorities have less, bytes. */
const maxBytes = 1024 * 1024;

/** The text of a plain file of this machine; undefined: there is none that can be read. */
export function readableText(path: string): string | undefined {
  try {
    const found = statSync(path);
    return found.isFile() && found.size <= maxBytes ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
