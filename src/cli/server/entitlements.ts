import { silentLog } from "#core";
import { maxEntitlementChars } from "#fleet";
import { enterLocally, openStore, serverIdIn } from "#server";
import type { ServerEntitlementOptions } from "../commands/server-entitlement.ts";
import { documentLines } from "../entitlement-signing.ts";
import { CliError } from "../errors.ts";
import { readText } from "../files.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { dataDirOf } from "./data-dir.ts";
import { storeOf } from "./run-server.ts";

/** `farhand server entitlement`: the server's id, or one entered over its database (CAT-101). */
export async function enterAtHome(
  file: string | undefined,
  options: ServerEntitlementOptions,
  terminal: Terminal,
): Promise<void> {
  const dataDir = dataDirOf(options, terminal.env);
  const serverId = await serverIdIn(dataDir);
  const { entitlementKey: keyFiles = [], json } = options;
  if (file === undefined) {
    terminal.print(json ? JSON.stringify({ serverId }) : serverId);
    if (!json) terminal.say("whoever issues an entitlement for this server signs it for that id");
    return;
  }
  await using store = await openStore(storeOf(options, dataDir, terminal.env), silentLog);
  const document = await enterLocally({ store, serverId, text: await entitlementIn(file), keyFiles });
  if (json) return terminal.print(JSON.stringify(document));
  for (const line of documentLines(document)) terminal.print(line);
  terminal.say("entered. The server goes by it when one of its --entitlement-key signed it.");
}

/** The text of an entitlement in a file. @throws {CliError} `FILE_UNREADABLE`, `USAGE`. */
export async function entitlementIn(file: string): Promise<string> {
  const text = (await readText(file)).trim();
  if (text.length > 0 && text.length <= maxEntitlementChars) return text;
  throw new CliError("USAGE", `${oneLine(file)} is no entitlement: it is empty or too long`);
}
