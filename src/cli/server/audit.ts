import type { AuditListOptions } from "../commands/audit-list.ts";
import { CliError, cliErrors } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { queryText } from "./api-path.ts";
import { plain } from "./config-text.ts";
import { allOf } from "./pages.ts";
import { momentOf } from "./moment.ts";
import { auditTable } from "./people-text.ts";
import { ServerProblem } from "./problem.ts";
import { listIn, numberOf, objectIn, stringOf } from "./shapes.ts";

type Json = true | undefined;

/** Print rows of the audit, the oldest or the newest first. */
export async function listAudit(
  api: ApiClient,
  { newest, from, to, about: worker, json, server: _, ...wish }: AuditListOptions,
  terminal: Terminal,
): Promise<void> {
  const times = { from: from && momentOf(from, api.now()), to: to && momentOf(to, api.now()) };
  const order = newest && "newest";
  const answer = await api.ask("GET", `/audit${queryText({ ...wish, worker, ...times, order })}`);
  const rows = listIn(answer);
  if (json) return terminal.print(JSON.stringify(rows));
  for (const line of auditTable(rows, await namesOf(api), terminal)) terminal.print(line);
  const last = numberOf(rows.at(-1)?.["sequence"]);
  if (stringOf(objectIn(answer)["next"]) !== undefined && last !== undefined) {
    terminal.say(`there is more: ${newest ? "--before" : "--after"} ${last}`);
  }
}

/** Names of users and workers by their ids. Who may read the audit need not see either: then the ids stay. */
async function namesOf(api: ApiClient): Promise<Map<string, string>> {
  const lists = await Promise.all(
    ["/users", "/workers"].map((path) => allOf(api, path).catch((error: unknown) => noneOf(error))),
  );
  return new Map(lists.flat().map(({ id, name }) => [String(id), plain(name)]));
}

/** @throws the error, unless the list is not for us. */
function noneOf(error: unknown): [] {
  if (error instanceof ServerProblem && error.status === 403) return [];
  throw error;
}

/** Have the server check the whole chain. @throws {CliError} `AUDIT_BROKEN` with the first row that is wrong. */
export async function verifyAudit(api: ApiClient, json: Json, terminal: Terminal): Promise<number> {
  const verdict = objectIn(await api.ask("GET", "/audit/verify"));
  if (json) {
    terminal.print(JSON.stringify(verdict));
    return verdict["ok"] === true ? 0 : cliErrors.AUDIT_BROKEN.exit;
  }
  if (verdict["ok"] !== true) throw new CliError("AUDIT_BROKEN", `the audit is broken: ${plain(verdict["meaning"])}`);
  terminal.print(`${plain(verdict["rows"])} rows, unbroken, up to ${plain(verdict["head"])}`);
  return 0;
}

/** All rows as JSON lines, as they come. */
export async function exportAudit(api: ApiClient, terminal: Terminal): Promise<void> {
  for await (const chunk of api.download("/audit/export")) await terminal.write(chunk);
}
