import { join } from "node:path";
import { errorText, makeFolders } from "#core";
import type { ServerOptions } from "../commands/server.ts";
import { CliError } from "../errors.ts";
import { defaultPlaces } from "../places.ts";
import type { Terminal } from "../terminal.ts";

/** The folder of a server; of one that was given none, beside that of a worker. */
export function dataDirOf({ dataDir }: Pick<ServerOptions, "dataDir">, env: Terminal["env"]): string {
  return dataDir ?? join(defaultPlaces(env).state, "server");
}

/** Make it, for nobody but its owner. @throws {CliError} `STATE_UNUSABLE` */
export function makeDataDir(dataDir: string): void {
  try {
    makeFolders(dataDir, 0o700);
  } catch (error) {
    throw new CliError("STATE_UNUSABLE", `data-dir: the folder ${dataDir} cannot be used: ${errorText(error)}`, {
      cause: error,
      remedy: "--data-dir FOLDER names one that this user may make or write to",
    });
  }
}
