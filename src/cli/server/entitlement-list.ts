import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { plain, table, timeText } from "./config-text.ts";
import { entitlementIn } from "./entitlements.ts";
import { allOf } from "./pages.ts";
import { objectIn, type Shape } from "./shapes.ts";

/** Print the entitlements of a server and of its workers, and what is wrong with them. */
export async function listEntitlements(api: ApiClient, json: true | undefined, terminal: Terminal): Promise<void> {
  const items = await allOf(api, "/entitlements");
  const { serverId, faults } = objectIn(await api.ask("GET", "/entitlements?limit=1"));
  if (json) return terminal.print(JSON.stringify({ serverId, faults, items }));
  terminal.say(`server ${plain(serverId)}`);
  for (const fault of Array.isArray(faults) ? faults : []) terminal.say(`wrong: ${plain(fault)}`);
  if (items.length === 0) return terminal.say("no entitlements");
  const heading = ["ID", "HOLDER", "STATE", "UNTIL", "FEATURES", "WORKERS", "FROM"];
  for (const line of table(heading, items.map(cellsOf), terminal)) terminal.print(line);
  for (const { id, fault } of items) if (fault !== undefined) terminal.say(`${plain(id)}: ${plain(fault)}`);
}

function cellsOf(item: Shape): string[] {
  const { id, holder, state, endsSoon, notAfter, source, worker } = item;
  const most = objectIn(item["limits"])["workers.max"];
  return [
    plain(id),
    plain(holder),
    endsSoon === true ? "ends soon" : plain(state),
    notAfter === undefined ? "-" : timeText(notAfter),
    listedText(item["features"]),
    most === undefined ? "any" : plain(most),
    source === "worker" ? `worker ${plain(worker)}` : plain(source),
  ];
}

function listedText(value: unknown): string {
  return Array.isArray(value) && value.length > 0 ? value.map(plain).join(",") : "-";
}

/** `farhand entitlements add`. */
export async function addEntitlement(api: ApiClient, file: string, json: true | undefined, terminal: Terminal) {
  const added = objectIn(await api.ask("POST", "/entitlements", { body: { text: await entitlementIn(file) } }));
  if (json) return terminal.print(JSON.stringify(added));
  terminal.say(`entitlement ${plain(added["id"])} of ${plain(added["holder"])}: ${plain(added["state"])}`);
}

/** `farhand entitlements remove`. */
export async function removeEntitlements(api: ApiClient, ids: readonly string[], terminal: Terminal): Promise<void> {
  for (const id of ids) {
    await api.ask("DELETE", apiPath`/entitlements/${id}`);
    terminal.say(`entitlement ${id} was taken away; what it opened is refused from now on`);
  }
}
