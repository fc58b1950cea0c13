import { FarhandError } from "#core";
import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import { handListPath, readHandList } from "./hand-list.ts";
import { wantedWorkers } from "./list-workers.ts";
import { seenWorker } from "./seen-worker.ts";
import { type SavedServer, readServers, serversPath } from "./servers-file.ts";
import type { Watching } from "./watch-workers.ts";
import { standaloneName, withWorkers } from "./workers-api.ts";
import { workersTable } from "./workers-text.ts";

/** What one server answered: a line or more for people, documents for programs, and why there are none. */
interface Answered {
  readonly lines: readonly string[];
  readonly documents: readonly object[];
  readonly fault?: FarhandError;
}

/**
 * Print the workers of every server this user has logged in to, and of the list kept by hand (CAT-43). A server that does
 * not answer keeps nobody from the others' workers.
 *
 * @returns 0, or the exit code of the first server that failed.
 * @throws {CliError} `USAGE`, `NOT_LOGGED_IN`
 */
export async function listEverywhere(
  watching: Watching,
  { watch, server }: { readonly watch?: true; readonly server?: string },
  terminal: Terminal,
): Promise<number> {
  if (watch || server !== undefined)
    throw new CliError("USAGE", "--all-servers goes neither with --watch nor with --server");
  const saved = (await readServers(serversPath(terminal.env))).servers;
  const path = handListPath(terminal.env);
  const byHand = (await readHandList(path)).length > 0 ? [{ name: standaloneName, url: path }] : [];
  const servers = [...saved, ...byHand];
  if (servers.length === 0) throw new CliError("NOT_LOGGED_IN", "you are not logged in to a server");
  const all = await Promise.all(servers.map((server) => ask(server, watching, terminal)));
  if (watching.json) terminal.print(JSON.stringify(all.flatMap(({ documents }) => documents)));
  else for (const line of all.flatMap(({ lines }) => lines)) terminal.print(line);
  const faults = all.flatMap(({ fault }, at) => (fault ? [{ fault, name: servers[at]?.name ?? "" }] : []));
  for (const { fault, name } of faults) terminal.say(`${oneLine(name)}: ${oneLine(fault.message)}`);
  return faults[0]?.fault.exit ?? 0;
}

async function ask(
  server: Pick<SavedServer, "name" | "url">,
  watching: Watching,
  terminal: Terminal,
): Promise<Answered> {
  try {
    return await withWorkers({ server: server.name }, terminal, async (api) => {
      const { wanted, none } = await wantedWorkers(api, watching);
      const table = workersTable(wanted.map(seenWorker), api.now(), terminal);
      const heading = terminal.colours.strong(`${oneLine(server.name)} (${oneLine(server.url)})`);
      const documents = wanted.map((worker) => ({ server: server.name, ...worker }));
      return { lines: [heading, ...(wanted.length === 0 ? [none] : table)], documents };
    });
  } catch (error) {
    if (error instanceof FarhandError) return { lines: [], documents: [], fault: error };
    throw error;
  }
}
