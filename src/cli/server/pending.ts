import type { ApproveOptions } from "../commands/workers-approve.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { plain, table, timeText } from "./config-text.ts";
import { labelsOf } from "./labels.ts";
import { allOf } from "./pages.ts";

/** Print the workers that wait to be approved. */
export async function listPending(api: ApiClient, json: true | undefined, terminal: Terminal): Promise<void> {
  const pending = await allOf(api, "/pending-workers");
  if (json) return terminal.print(JSON.stringify(pending));
  if (pending.length === 0) return terminal.say("no worker waits to be approved");
  const rows = pending.map((worker) => [
    plain(worker["fingerprint"]),
    plain(worker["name"]),
    plain(worker["hostName"]),
    plain(worker["source"]),
    timeText(worker["createdAt"]),
  ]);
  for (const line of table(["FINGERPRINT", "NAME", "HOST", "FROM", "SINCE"], rows, terminal)) terminal.print(line);
}

/** `farhand workers approve`. */
export async function approvePending(
  api: ApiClient,
  fingerprint: string,
  { name, label }: ApproveOptions,
  terminal: Terminal,
): Promise<void> {
  const body = { ...(name !== undefined && { name }), ...(label && { labels: labelsOf(label) }) };
  await api.ask("POST", apiPath`/pending-workers/${fingerprint.toLowerCase()}/approve`, { body });
  terminal.say(`${fingerprint} may come in`);
}

/** `farhand workers reject`. */
export async function rejectPending(
  api: ApiClient,
  fingerprints: readonly string[],
  terminal: Terminal,
): Promise<void> {
  for (const fingerprint of fingerprints) {
    await api.ask("POST", apiPath`/pending-workers/${fingerprint.toLowerCase()}/reject`);
    terminal.say(`${fingerprint} is sent away`);
  }
}
