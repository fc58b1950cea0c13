import { readFile } from "node:fs/promises";
import { errorText, systemCode } from "#core";
import { CliError } from "./errors.ts";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "you may not read it",
  EISDIR: "it is a folder",
};

/** Why a file named on the command line cannot be read, in one sentence. */
export function unreadable(path: string, cause: unknown): CliError {
  const why = reasons[systemCode(cause) ?? ""] ?? errorText(cause);
  return new CliError("FILE_UNREADABLE", `${path}: ${why}`, { cause, remedy: "check the path, or give another file" });
}

/** The text of a file. @throws {CliError} `FILE_UNREADABLE` */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw unreadable(path, error);
  }
}
