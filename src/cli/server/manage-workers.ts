import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { switchesText } from "../worker-text.ts";
import type { WorkersApi } from "./workers-api.ts";
import { apiPath } from "./api-path.ts";
import { callWorker } from "./call-worker.ts";
import { labelsOf, labelsText } from "./labels.ts";
import { allOf } from "./pages.ts";
import { hasLabels, seenWorker } from "./seen-worker.ts";
import { objectIn, type Shape } from "./shapes.ts";

/** Which workers are meant: by name, or all that the user may see with these labels. */
export interface Chosen {
  readonly names: readonly string[];
  readonly label: readonly string[] | undefined;
  readonly all: true | undefined;
}

/** Workers asked at once: each waits for its own. */
const atOnce = 16;

/** What became of it on one worker (CAT-109). */
interface WorkerResult {
  readonly worker: string;
  readonly ok: boolean;
  readonly text: string;
  readonly result?: unknown;
}

/**
 * Ask many workers for the same, each for itself: one that fails keeps no other from it. The exit code is 0 when all did
 * it, else that of the last one that did not.
 */
export async function askMany(
  api: WorkersApi,
  chosen: Chosen,
  ask: (worker: string) => Promise<{ readonly text: string; readonly result?: unknown }>,
  json: true | undefined,
  terminal: Terminal,
): Promise<number> {
  const workers = await chosenWorkers(api, chosen);
  let exit = 0;
  const results: WorkerResult[] = [];
  const queue = [...workers.entries()];
  const next = async (): Promise<void> => {
    for (let entry = queue.shift(); entry; entry = queue.shift()) {
      const [at, worker] = entry;
      try {
        results[at] = { worker, ok: true, ...(await ask(worker)) };
      } catch (error) {
        const { message, exit: code = 1 } = error as Error & { exit?: number };
        exit = code;
        results[at] = { worker, ok: false, text: message };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, workers.length) }, next));
  if (json) terminal.print(JSON.stringify(results));
  else for (const line of resultLines(results, terminal)) terminal.print(line);
  const failed = results.filter(({ ok }) => !ok).length;
  if (!json && workers.length > 1) terminal.say(`${workers.length - failed} of ${workers.length} done`);
  return exit;
}

function resultLines(results: readonly WorkerResult[], { colours }: Terminal): string[] {
  const width = Math.max(...results.map(({ worker }) => worker.length));
  return results.map(({ worker, ok, text }) => {
    const said = oneLine(text);
    return `${oneLine(worker).padEnd(width)}  ${ok ? said : colours.bad(said)}`;
  });
}

async function chosenWorkers(api: WorkersApi, { names, label, all }: Chosen): Promise<string[]> {
  const ways = [names.length > 0, label !== undefined, all === true].filter(Boolean).length;
  if (ways !== 1)
    throw new CliError("USAGE", ways === 0 ? "no worker is named" : "name workers in one way", {
      remedy: "WORKER…, or --label NAME=VALUE, or --all",
    });
  if (names.length > 0) return [...new Set(names)];
  const labels = labelsOf(label);
  const found = (await allOf(api, "/workers", { limit: 500 }))
    .map(seenWorker)
    .filter((each) => hasLabels(each, labels));
  if (found.length > 0) return found.map(({ name }) => name);
  throw new CliError("USAGE", "no worker that you may see has these labels", {
    remedy: "`farhand workers` lists them",
  });
}

/** Set switches of workers (CAT-17, CAT-109). */
export function switchOn(api: WorkersApi, wanted: object) {
  return async (worker: string) => {
    const method = Object.keys(wanted).length > 0 ? "worker.switches.set" : "worker.switches.get";
    const states = await callWorker(api, worker, method, wanted);
    return { text: switchesText(states as Parameters<typeof switchesText>[0]), result: states };
  };
}

/** Start workers anew: what waits for that in their configuration is in force then. */
export function restartOn(api: WorkersApi) {
  return async (worker: string) => {
    await callWorker(api, worker, "worker.restart");
    return { text: "starts anew; its units run on" };
  };
}

/** Set and remove labels of one worker; the others stay. */
export async function setLabels(
  api: WorkersApi,
  worker: string,
  {
    label,
    unlabel,
    json,
  }: { readonly label?: readonly string[]; readonly unlabel?: readonly string[]; readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  const path = apiPath`/workers/${worker}`;
  const { labels: before = {} } = objectIn(await api.ask("GET", path)) as Shape & { labels?: Shape };
  const labels = Object.fromEntries(
    Object.entries({ ...before, ...labelsOf(label) }).filter(([name]) => !unlabel?.includes(name)),
  );
  const changed = objectIn(await api.ask("PATCH", path, { body: { labels } }));
  if (json) terminal.print(JSON.stringify(changed));
  else terminal.say(`labels of ${oneLine(worker)}: ${labelsText(changed["labels"])}`);
}

/** Confirm the version of a worker's own configuration that waits for it, over this new connection (CAT-75). */
export async function confirmConfig(api: WorkersApi, worker: string, terminal: Terminal): Promise<void> {
  const { provisional } = objectIn(await callWorker(api, worker, "config.get"));
  if (typeof provisional !== "object" || provisional === null)
    return terminal.say(`nothing of ${oneLine(worker)} waits to be confirmed`);
  const { version } = objectIn(provisional);
  await callWorker(api, worker, "config.confirm", { version });
  terminal.say(`version ${String(version)} of ${oneLine(worker)} stays`);
}
