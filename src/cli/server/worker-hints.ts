import { findingLines, type ShownFinding } from "../doctor-text.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath, queryText } from "./api-path.ts";
import { plain } from "./config-text.ts";
import { listed, objectIn, type Shape } from "./shapes.ts";

const kinds = { fine: "ok", unneeded: "ok", unknown: "warning", trouble: "fail" } as const;

/**
 * Print what keeps us from a worker: the check list as the server sees it, then what the worker's own doctor says.
 *
 * @returns how much of it is in trouble.
 */
export async function showHints(
  api: ApiClient,
  worker: string,
  { way, json }: { readonly way?: string; readonly json?: true },
  terminal: Terminal,
): Promise<number> {
  // Something that is asked of the worker, and so over a connection of ours.
  await api.connect();
  const told = objectIn(await api.ask("GET", apiPath`/workers/${worker}/hints` + queryText({ way })));
  const hints = listed(told["hints"]).map(hintOf);
  const findings = told["findings"] === undefined ? undefined : listed(told["findings"]).map(findingOf);
  const wrong = [...hints, ...(findings ?? [])].filter(({ kind }) => kind === "fail").length;
  if (json) terminal.print(JSON.stringify(told));
  else {
    for (const line of findingLines(hints, terminal.colours)) terminal.print(line);
    if (!findings) terminal.say("its own doctor could not be asked");
    else terminal.print(terminal.colours.strong("what it finds itself"));
    for (const line of findingLines(findings ?? [], terminal.colours)) terminal.print(line);
    const first = told["first"] ?? findings?.find(({ kind }) => kind === "fail")?.check;
    terminal.print(typeof first === "string" ? `look here first: ${plain(first)}` : "nothing keeps you from it");
  }
  return Math.min(wrong, 255);
}

function hintOf({ question, state, says, cure, who }: Shape): ShownFinding {
  const kind = kinds[state as keyof typeof kinds] ?? "warning";
  const shown = { check: plain(question), kind, says: plain(says) };
  return cure === undefined ? shown : { ...shown, cure: `${plain(cure)} (${plain(who)})` };
}

function findingOf({ check, kind, says, cure }: Shape): ShownFinding {
  const known = kind === "ok" || kind === "fail" ? kind : "warning";
  const shown = { check: plain(check), kind: known, says: plain(says) } as const;
  return cure === undefined ? shown : { ...shown, cure: plain(cure) };
}
