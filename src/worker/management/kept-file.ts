import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "#core";
import { writeFileAtomic } from "../configuration/atomic-file.ts";

/** The text of a small file, or undefined when there is none. @throws the system error for one that cannot be read. */
export function readKept(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Write a small file whole or not at all, 0600; undefined removes it. @throws the system error. */
export function writeKept(path: string, text: string | undefined): void {
  if (text === undefined) return rmSync(path, { force: true });
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileAtomic(path, text, 0o600);
}
