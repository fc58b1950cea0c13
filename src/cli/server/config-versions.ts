import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import type { WorkersApi } from "./workers-api.ts";
import { apiPath, queryText } from "./api-path.ts";
import { placeOf, type PlaceOptions } from "./config-place.ts";
import { changeLines } from "./config-text.ts";
import { documentYaml } from "./config-yaml.ts";
import { configOf, documentIn, tellConflict, tellWritten, versionIn } from "./configs.ts";
import { tellWorkerWritten } from "./worker-written.ts";
import { ServerProblem } from "./problem.ts";
import { listIn, objectIn, type Shape } from "./shapes.ts";

/** Options of `farhand config import`. */
export interface ImportOptions extends PlaceOptions {
  readonly comment?: string;
  readonly json?: true;
}

/** Print a configuration as a file that can be imported again; secrets are not in it. */
export async function exportConfig(
  api: WorkersApi,
  name: string,
  { json, ...options }: PlaceOptions & { readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  const place = await placeOf(api, name, options);
  const { version, document } = await place.read();
  if (version === 0) throw new CliError("USAGE", `there is nothing to export: ${place.what} has no version yet`);
  if (json) return terminal.print(JSON.stringify(document));
  terminal.print((await documentYaml(document, [`${place.what}, version ${version}`])).trimEnd());
}

/** Put a file in force as the next version, whatever the version before; what changes is shown first. */
export async function importConfig(
  api: WorkersApi,
  { name, file }: { readonly name: string; readonly file: string },
  { comment, json, canary, ...options }: ImportOptions & { readonly canary?: Shape | undefined },
  terminal: Terminal,
): Promise<void> {
  const document = await documentIn(file, terminal);
  const place = await placeOf(api, name, options);
  const { version, document: before } = await place.read();
  const changes = await changesOf(before, document);
  if (version > 0 && changes.length === 0) return terminal.say(`nothing to do: ${place.what} is so already`);
  if (!json) for (const line of changeLines(changes, terminal.colours)) terminal.say(line);
  try {
    const edit = { document, ifMatch: version, comment: comment ?? "imported", canary };
    const written = await place.put(edit);
    if (place.kind === "held") tellWritten(place.name, written, { json, canary }, terminal);
    else tellWorkerWritten(place.name, written, json, terminal);
  } catch (error) {
    if (error instanceof ServerProblem) tellConflict(error.document["changes"], terminal);
    throw error;
  }
}

/** Options of `farhand config diff`. */
export interface DiffOptions {
  readonly from?: string;
  readonly to?: string;
  readonly file?: string;
  readonly json?: true;
}

/** Print what differs between two versions, or between the version in force and a file. */
export async function diffConfig(
  api: WorkersApi,
  name: string,
  { from, to, file, json }: DiffOptions,
  terminal: Terminal,
): Promise<void> {
  const changes =
    file === undefined ? await changesBetween(api, name, { from, to }) : await changesTo(api, name, file, terminal);
  if (json) return terminal.print(JSON.stringify(changes));
  if (changes.length === 0) terminal.say("nothing differs");
  for (const line of changeLines(changes, terminal.colours)) terminal.print(line);
}

/** Without a version it is the newest; without one to begin with, the one before. */
async function changesBetween(
  api: WorkersApi,
  name: string,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
): Promise<Shape[]> {
  const last = to === undefined ? (await configOf(api, name)).version : versionIn(to);
  const first = from === undefined ? Math.max(last - 1, 1) : versionIn(from);
  const query = queryText({ from: first, to: last });
  return listIn(await api.ask("GET", apiPath`/worker-configs/${name}/diff` + query), "changes");
}

async function changesTo(api: WorkersApi, name: string, file: string, terminal: Terminal): Promise<Shape[]> {
  const document = await documentIn(file, terminal);
  return await changesOf((await (await placeOf(api, name)).read()).document, document);
}

async function changesOf(before: Shape, after: Shape): Promise<Shape[]> {
  const { diff } = await import("#fleet");
  return diff(before as never, after as never).map(objectIn);
}
