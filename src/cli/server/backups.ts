import { silentLog } from "#core";
import { openStore, restoreBackup, writeBackup } from "#server";
import type { JsonOptions } from "../command.ts";
import type { ServerOptions } from "../commands/server.ts";
import type { Terminal } from "../terminal.ts";
import { dataDirOf, makeDataDir } from "./data-dir.ts";
import { storeOf } from "./run-server.ts";

type Where = Pick<ServerOptions, "dataDir" | "database"> & JsonOptions;

/** `farhand server backup`. */
export async function backupServer(file: string, where: Where, terminal: Terminal): Promise<void> {
  const dataDir = dataDirOf(where, terminal.env);
  await using store = await openStore(storeOf(where, dataDir, terminal.env), silentLog);
  const report = await writeBackup(store, dataDir, file);
  if (where.json) return terminal.print(JSON.stringify(report));
  terminal.print(`${report.path}: ${report.rows} rows, and ${report.keys.length} files of keys${outputsOf(report)}`);
}

/** `farhand server restore`. */
export async function restoreServer(file: string, where: Where, terminal: Terminal): Promise<void> {
  const dataDir = dataDirOf(where, terminal.env);
  makeDataDir(dataDir);
  await using store = await openStore(storeOf(where, dataDir, terminal.env), silentLog);
  const report = await restoreBackup(store, dataDir, file);
  if (where.json) return terminal.print(JSON.stringify(report));
  const made = new Date(report.at).toISOString();
  terminal.print(
    `${report.rows} rows of ${made}, and ${report.keys.length} files of keys${outputsOf(report)} in ${dataDir}`,
  );
  if (report.sessions > 0) terminal.say(`logins of then are over (${report.sessions}): everybody logs in again`);
}

function outputsOf({ outputs }: { readonly outputs: number }): string {
  return outputs > 0 ? `, and ${outputs} files of outputs` : "";
}
