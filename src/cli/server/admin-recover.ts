import { existsSync } from "node:fs";
import { silentLog } from "#core";
import { openStore, recoverAdmin, ServerError } from "#server";
import type { AdminRecoverOptions } from "../commands/server-admin-recover.ts";
import type { Terminal } from "../terminal.ts";
import { dataDirOf } from "./data-dir.ts";
import { storeOf } from "./run-server.ts";

/** `farhand server admin-recover`. @throws {ServerError} USER_…, STORE_…; also where no server has ever been. */
export async function recoverAccess(options: AdminRecoverOptions, terminal: Terminal): Promise<void> {
  const settings = storeOf(options, dataDirOf(options, terminal.env), terminal.env);
  // Opening one that is not there would make it.
  if (settings.kind === "sqlite" && !existsSync(settings.path))
    throw new ServerError(
      "STORE_UNREACHABLE",
      `there is no database ${settings.path}; --data-dir names another folder`,
    );
  await using store = await openStore(settings, silentLog);
  const { name, password, expiresAt } = await recoverAdmin(store, options.user);
  if (options.json) return terminal.print(JSON.stringify({ user: name, password, expiresAt }));
  terminal.print(`user ${name}, password ${password}`);
  terminal.say(
    `good once, until ${new Date(expiresAt).toISOString()}; no second factor is asked for. It is in the audit.`,
  );
  terminal.say("Log in with it, then:");
  terminal.say(`  farhand users password ${name}       a new password; you stay logged in`);
  terminal.say(`  farhand users reset-factor ${name}   when the device is lost too`);
}
