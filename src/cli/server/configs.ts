import type { ConfigPutOptions } from "../commands/config-put.ts";
import type { JsonObject } from "#core";
import { CliError } from "../errors.ts";
import { readText } from "../files.ts";
import type { Terminal } from "../terminal.ts";
import type { WorkersApi } from "./workers-api.ts";
import { apiPath } from "./api-path.ts";
import { canaryOf } from "./canary.ts";
import type { HeldConfig } from "./held-config.ts";
import type { PlaceEdit } from "./place.ts";
import { configsTable, conflictLines, historyLines } from "./config-text.ts";
import { parseDocument } from "./config-yaml.ts";
import { allOf } from "./pages.ts";
import { ServerProblem } from "./problem.ts";
import { numberOf, objectIn, type Shape } from "./shapes.ts";

type Json = true | undefined;

/** @param version an old one. @throws {ServerProblem} `CONFIG_NOT_FOUND` */
export async function configOf(api: WorkersApi, name: string, version?: number): Promise<HeldConfig> {
  const path =
    version === undefined ? apiPath`/worker-configs/${name}` : apiPath`/worker-configs/${name}/versions/${version}`;
  const whole = objectIn(await api.ask("GET", path));
  return { version: numberOf(whole["version"]) ?? 0, document: objectIn(whole["document"]), whole };
}

/** Print the names there are, or one document. */
export async function getConfig(
  api: WorkersApi,
  name: string | undefined,
  { version, json }: { readonly version?: string; readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  if (name === undefined) {
    const all = await allOf(api, "/worker-configs");
    if (json) terminal.print(JSON.stringify(all));
    else if (all.length === 0) terminal.say("no configurations");
    else for (const line of configsTable(all, terminal)) terminal.print(line);
    return;
  }
  const config = await configOf(api, name, version === undefined ? undefined : versionIn(version));
  // The document alone, so that it can be put back; with --json what is known of it too.
  terminal.print(json ? JSON.stringify(config.whole) : documentText(config.document));
}

/** As it is edited: JSON, indented. */
export function documentText(document: Shape): string {
  return JSON.stringify(document, null, 2);
}

/** A version as it stands on the command line. @throws {CliError} `USAGE` */
export function versionIn(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CliError("USAGE", `"${text}" is no version`, { remedy: "`farhand config history NAME` shows them" });
}

/** Write a new version. @throws {ServerProblem} `CONFIG_STALE`, `CONFIG_INVALID`, … */
export async function putDocument(
  api: WorkersApi,
  name: string,
  { document, ifMatch, comment, canary }: PlaceEdit,
): Promise<Shape> {
  const body = { document, ...(comment === undefined ? {} : { comment }), ...(canary && { canary }) };
  const headers = { "if-match": String(ifMatch) };
  return objectIn(await api.ask("PUT", apiPath`/worker-configs/${name}`, { body, headers }));
}

/** Put a file in force as a new version. */
export async function putConfig(
  api: WorkersApi,
  { name, file }: { readonly name: string; readonly file: string },
  options: ConfigPutOptions,
  terminal: Terminal,
): Promise<void> {
  const document = await documentIn(file, terminal);
  if (options.ifMatch === undefined) {
    throw new CliError("USAGE", "it is not said which version the file was made from", {
      remedy: "--if-match N; `farhand config get NAME --json` tells the version, and 0 is for a new one",
    });
  }
  const ifMatch = versionIn(options.ifMatch);
  const canary = canaryOf(options);
  try {
    const written = await putDocument(api, name, { document, ifMatch, comment: options.comment, canary });
    tellWritten(name, written, { json: options.json, canary }, terminal);
  } catch (error) {
    if (error instanceof ServerProblem) tellConflict(error.document["changes"], terminal);
    throw error;
  }
}

/** The document in a file; `-` is stdin. @throws {CliError} `FILE_UNREADABLE`, `DOCUMENT_INVALID` */
export async function documentIn(file: string, terminal: Terminal): Promise<JsonObject> {
  return await parseDocument(file === "-" ? await pipedText(terminal) : await readText(file), file);
}

async function pipedText({ stdin }: Terminal): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The differences of a conflict (CAT-72) go to stderr, before the error itself. */
export function tellConflict(changes: unknown, terminal: Terminal): void {
  const lines = Array.isArray(changes) ? conflictLines(changes.map(objectIn), terminal.colours) : [];
  for (const line of lines) terminal.say(line);
}

/** Say which version is in force now, or on its way. */
export function tellWritten(
  name: string,
  written: Shape,
  { json, canary }: { readonly json: Json; readonly canary?: Shape | undefined },
  terminal: Terminal,
): void {
  const { document: _document, ...version } = written;
  if (json) return terminal.print(JSON.stringify(version));
  const which = `version ${String(numberOf(written["version"]))} of ${name}`;
  if (!canary) return terminal.say(`${which} is in force`);
  terminal.say(`${which} comes to some workers first; \`farhand config rollout ${name}\` shows how it goes`);
}

/** Print the versions there are. */
export async function configHistory(api: WorkersApi, name: string, json: Json, terminal: Terminal): Promise<void> {
  const versions = await allOf(api, apiPath`/worker-configs/${name}/versions`);
  if (json) terminal.print(JSON.stringify(versions));
  else for (const line of historyLines(versions, terminal)) terminal.print(line);
}

/** Put an old version in force again, as a new one. */
export async function rollbackConfig(
  api: WorkersApi,
  { name, to }: { readonly name: string; readonly to: string },
  json: Json,
  terminal: Terminal,
): Promise<void> {
  const { version } = await configOf(api, name);
  const written = await api.ask("POST", apiPath`/worker-configs/${name}/rollback`, {
    body: { to: versionIn(to) },
    headers: { "if-match": String(version) },
  });
  tellWritten(name, objectIn(written), { json }, terminal);
}
