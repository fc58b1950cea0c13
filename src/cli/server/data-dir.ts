import { existsSync } from "node:fs";
import { join } from "node:path";
import { errorText, makeFolders } from "#core";
import type { ServerOptions } from "../commands/server.ts";
import { CliError } from "../errors.ts";
import { defaultPlaces } from "../places.ts";
import type { Terminal } from "../terminal.ts";

/** Where root's worker and root's appliance keep everything; systemd gives all of it to the account of a system worker. */
export const beneathWorker = "/var/lib/farhand/server";
/** So keys of a server lie elsewhere. */
const ofRoot = "/var/lib/farhand-server";

/** The folder of a server; of one that was given none, beside that of a worker. That of root's appliance is found. */
export function dataDirOf({ dataDir }: Pick<ServerOptions, "dataDir">, env: Terminal["env"]): string {
  if (dataDir !== undefined) return dataDir;
  const beside = join(defaultPlaces(env).state, "server");
  return beside === beneathWorker && !existsSync(beside) ? ofRoot : beside;
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
