import type { Colours } from "../colours.ts";
import { CliError } from "../errors.ts";
import { oneLine, readableAge } from "../quantities.ts";
import { tableLines } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { plain, timeText } from "./config-text.ts";
import { allOf } from "./pages.ts";
import { numberOf, objectIn, type Shape, stringOf } from "./shapes.ts";

type Json = true | undefined;

/** Print which worker goes by which version of a configuration, and what became of the last one at each (CAT-79). */
export async function configStatus(api: ApiClient, name: string, json: Json, terminal: Terminal): Promise<void> {
  const users = await allOf(api, apiPath`/worker-configs/${name}/workers`);
  if (json) return terminal.print(JSON.stringify(users));
  if (users.length === 0)
    return terminal.say(
      `no worker goes by ${oneLine(name)}; \`farhand workers set WORKER --label farhand/config=${name}\``,
    );
  const heading = ["WORKER", "STATE", "GOES BY", "IS TO", "OUTCOME", "SINCE", "WHY"].map((text) => ({
    text,
    mark: terminal.colours.faint,
  }));
  const rows = users.map((user) => statusRow(user, api.now(), terminal.colours));
  for (const line of tableLines([heading, ...rows], terminal.columns)) terminal.print(line);
  const said = users.map(outcomeOf);
  const counts = ["applied", "pending", "failed", "-"].map((word) => [
    word,
    said.filter((each) => each === word).length,
  ]);
  const parts = counts
    .filter(([, count]) => count !== 0)
    .map(([word, n]) => `${String(n)} ${word === "-" ? "silent" : word}`);
  terminal.say(parts.join(", "));
}

function statusRow(user: Shape, now: number, colours: Colours) {
  const outcome = outcomeOf(user);
  const { detail, at } = outcome === "-" ? ({} as Shape) : objectIn(user["outcome"]);
  const since = numberOf(at);
  const mark = { applied: colours.good, failed: colours.bad }[outcome];
  return [
    { text: plain(user["name"]) + (user["first"] === true ? " (first)" : "") },
    { text: plain(user["state"]) },
    { text: versionText(user["running"]) },
    { text: versionText(user["wanted"]) },
    { text: outcome, mark },
    { text: since === undefined ? "-" : `${readableAge(Math.max(now - since, 0) / 1_000)} ago` },
    { text: whyText(user, detail) },
  ];
}

/** A worker that keeps a file of its own will never go by this, whatever its label says. */
function whyText({ mode }: Shape, detail: unknown): string {
  if (typeof mode === "string" && mode !== "cloud") return `it keeps its own configuration (mode ${plain(mode)})`;
  return plain(detail);
}

function outcomeOf({ outcome }: Shape): string {
  return typeof outcome === "object" && outcome !== null ? (stringOf(objectIn(outcome)["outcome"]) ?? "-") : "-";
}

function versionText(version: unknown): string {
  const number = numberOf(version);
  return number === undefined || number === 0 ? "-" : String(number);
}

/** What can be done with a roll-out. */
export interface RolloutOptions {
  readonly pause?: true;
  readonly resume?: true;
  readonly finish?: true;
  readonly abort?: true;
  readonly json?: true;
}

/** Print how a roll-out goes, or change that (CAT-80). */
export async function configRollout(
  api: ApiClient,
  name: string,
  { json, ...acts }: RolloutOptions,
  terminal: Terminal,
): Promise<void> {
  const [act, ...more] = (["pause", "resume", "finish", "abort"] as const).filter((each) => acts[each]);
  if (more.length > 0) throw new CliError("USAGE", `--${act} and --${more.join(", --")} are different wishes`);
  const path = apiPath`/worker-configs/${name}/rollout`;
  const answer = act === undefined ? api.ask("GET", path) : api.ask("POST", path, { body: { do: act } });
  const rollout = objectIn(await answer);
  if (json) return terminal.print(JSON.stringify(rollout));
  for (const line of rolloutLines(rollout)) terminal.print(line);
  if (act === undefined) await configStatus(api, name, json, terminal);
}

const stateText: Readonly<Record<string, string>> = {
  canary: "some workers have it first",
  paused: "paused: some workers have it, and no others get it",
  done: "all workers have it",
  aborted: "aborted, and taken back",
  failed: "failed, and taken back",
};

function rolloutLines(rollout: Shape): string[] {
  const { state, version, base, reason, next, changedAt } = rollout;
  const head = `version ${plain(version)} over version ${plain(base)}: ${stateText[plain(state)] ?? plain(state)}`;
  const why = stringOf(reason) ? [`why: ${plain(reason)} (${timeText(changedAt)})`] : [];
  if (typeof next !== "object" || next === null) return [head, ...why];
  const { step, why: because } = objectIn(next);
  return [head, ...why, `next: ${plain(step)}: ${plain(because)}`];
}
