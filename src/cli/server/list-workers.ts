import type { Terminal } from "../terminal.ts";
import type { WorkersApi } from "./workers-api.ts";
import { apiPath } from "./api-path.ts";
import { plain, timeText } from "./config-text.ts";
import { allOf } from "./pages.ts";
import { hasLabels, seenWorker } from "./seen-worker.ts";
import { objectIn } from "./shapes.ts";
import type { Watching } from "./watch-workers.ts";
import { workerLines, workersTable } from "./workers-text.ts";

/** Events of a worker that are shown. */
const eventsShown = 5;

/** Print the workers there are. */
export async function listWorkers(api: WorkersApi, watching: Watching, terminal: Terminal): Promise<void> {
  const { wanted, none } = await wantedWorkers(api, watching);
  if (watching.json) terminal.print(JSON.stringify(wanted));
  else if (wanted.length === 0) terminal.say(none);
  else for (const line of workersTable(wanted.map(seenWorker), api.now(), terminal)) terminal.print(line);
}

/** Those that are asked for, and what to say when there are none. */
export async function wantedWorkers(api: WorkersApi, { labels, states }: Watching) {
  const all = await allOf(api, "/workers", { limit: 500 });
  const wanted = all.filter((shape) => {
    const worker = seenWorker(shape);
    return hasLabels(worker, labels) && (states.length === 0 || states.includes(worker.state));
  });
  return { wanted, none: all.length === 0 ? "no workers" : "no such workers" };
}

/** Print one worker with its last events. */
export async function showWorker(
  api: WorkersApi,
  name: string,
  json: true | undefined,
  terminal: Terminal,
): Promise<void> {
  const path = apiPath`/workers/${name}`;
  const worker = objectIn(await api.ask("GET", path));
  const events = (await allOf(api, `${path}/events`, { limit: 500 })).slice(-eventsShown);
  if (json) return terminal.print(JSON.stringify({ ...worker, events }));
  for (const line of workerLines(seenWorker(worker), worker, api.now(), terminal)) terminal.print(line);
  for (const { at, state, cause } of events) {
    terminal.print(`${terminal.colours.faint(timeText(at))} ${plain(state)}: ${plain(cause)}`);
  }
}

/** `farhand workers remove`. */
export async function removeWorkers(api: WorkersApi, workers: readonly string[], terminal: Terminal): Promise<void> {
  for (const worker of workers) {
    await api.ask("DELETE", apiPath`/workers/${worker}`);
    terminal.say(`${plain(worker)} is removed`);
  }
}
