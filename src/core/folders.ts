import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemCode } from "./errors.ts";

/**
 * Make a folder and those above it that are missing, with these permissions (octal, as of `chmod`). One that is there stays as it is.
 *
 * Node's own recursive `mkdir` never returns where a folder says that it is not there although the one above it is, as
 * everything under `/proc` does.
 *
 * @returns whether this folder is new. @throws system errors of `mkdir(2)`.
 */
export function makeFolders(path: string, mode: number): boolean {
  try {
    return makeOne(path, mode);
  } catch (error) {
    const above = dirname(path);
    if (systemCode(error) !== "ENOENT" || above === path) throw error;
    makeFolders(above, mode);
    return makeOne(path, mode);
  }
}

function makeOne(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    // Says ENOTDIR of a file.
    statSync(`${path}/.`);
    return false;
  }
}
