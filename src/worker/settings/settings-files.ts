import { closeSync, openSync, readSync } from "node:fs";
import { errorText, systemCode } from "#core";
import type { Directive } from "./directive.ts";
import type { Faults } from "./faults.ts";
import { largestSettings, readSettings } from "./parse.ts";

/** Gives the text of a file, or throws. Injected, so that everything about settings is tested without files. */
export type ReadFile = (path: string) => string;

/** Read a settings file of this machine, and never much more than settings can be; pipes work too. */
export function readSettingsFile(path: string): string {
  const fd = openSync(path, "r");
  try {
    // One byte more than any text of the largest size takes: then the parser says that it is too large.
    const buffer = Buffer.alloc(largestSettings * 4 + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < buffer.length; length += got) {
      got = readSync(fd, buffer, length, buffer.length - length, null);
    }
    return buffer.toString("utf8", 0, length);
  } finally {
    closeSync(fd);
  }
}

/** The sections of one file; one that cannot be read is a fault. */
export function loadSettings(path: string, readFile: ReadFile, faults: Faults): Directive[] {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const message = `error loading config file: open ${path}: ${reasonOf(error)}`;
    faults.add({ message, hint: "check the path and who may read it" }, "SETTINGS_UNREADABLE");
    return [];
  }
  return readSettings(text, path, faults);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  EISDIR: "is a directory",
  EACCES: "permission denied",
};

function reasonOf(error: unknown): string {
  return reasons[systemCode(error) ?? ""] ?? errorText(error);
}
