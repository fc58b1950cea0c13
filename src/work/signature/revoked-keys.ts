import { errorText } from "#core";
import { WorkError } from "../errors.ts";
import { ParsedFile } from "./parsed-file.ts";

const largestFile = 1024 * 1024;

/**
 * Ids of keys that are trusted no longer: a file with one in hex at the beginning of a line, read again at each use.
 *
 * `#` begins a comment, and so does a space behind an id. Anything else is a fault, for it may be an id with a slip.
 */
export class RevokedKeys {
  readonly #file: ParsedFile<ReadonlySet<string>>;

  constructor(path: string) {
    this.#file = new ParsedFile(path, largestFile, parseRevokedKeys);
  }

  /** @throws {WorkError} `VERIFYING_KEY_UNUSABLE`: without the list nobody knows, so nothing is taken. */
  async has(keyId: string): Promise<boolean> {
    try {
      return (await this.#file.read()).has(keyId);
    } catch (error) {
      throw new WorkError("VERIFYING_KEY_UNUSABLE", `could not load list of revoked keys: ${errorText(error)}`, {
        cause: error,
      });
    }
  }
}

/** The ids of such a file. @throws with the number of the line that is none. */
export function parseRevokedKeys(text: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const [index, line] of text.split("\n").entries()) {
    const [id = ""] = line.trim().split(/[\s#]/, 1);
    if (id === "") continue;
    if (!/^[0-9a-f]{64}$/i.test(id)) throw new Error(`line ${index + 1} does not begin with the id of a key`);
    ids.add(id.toLowerCase());
  }
  return ids;
}
