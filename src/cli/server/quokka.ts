import { readFile } from "node:fs/promises";
import { errorText, FarhandError, isJsonObject, type Json, type JsonObject } from "#core";
import type { QuokkaAddOptions } from "../commands/quokka-add.ts";
import { CliError } from "../errors.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { plain } from "./config-text.ts";
import { parseDocument } from "./config-yaml.ts";
import { labelsOf } from "./labels.ts";
import { objectIn, stringOf } from "./shapes.ts";

type Api = Pick<ApiClient, "ask">;

/** Enter one. @throws {CliError} USAGE. */
export async function addQuokkaWorker(api: Api, options: QuokkaAddOptions, terminal: Terminal): Promise<void> {
  const { serial, type, host, connection = "http", name, label } = options;
  if (serial === undefined || type === undefined || host === undefined)
    throw new CliError("USAGE", "serial, type and host are needed", {
      remedy: "farhand quokka add --serial 111-111-111 --type capture --host 192.0.2.7",
    });
  const labels = labelsOf(label);
  const body = { serial, type, host, connection, labels, ...(name !== undefined && { name }) };
  const made = objectIn(await api.ask("POST", "/quokka/workers", { body }));
  if (options.json) terminal.print(JSON.stringify(made));
  else terminal.say(`${plain(made["name"])} is entered; it is a worker as soon as its program beats`);
}

/** Enter those of a file that are not there. @throws {CliError} DOCUMENT_INVALID, FILE_UNREADABLE. */
export async function importQuokkaWorkers(
  api: Api,
  file: string,
  json: true | undefined,
  terminal: Terminal,
): Promise<void> {
  const done: { readonly name: string; readonly isNew: boolean }[] = [];
  for (const worker of (await entriesOf(file)).map(workerIn)) {
    const made = await entered(api, worker);
    const { name, isNew } = { name: made ?? worker.name, isNew: made !== undefined };
    done.push({ name, isNew });
    if (!json) terminal.say(`${plain(name)} ${isNew ? "is entered" : "is there already"}`);
  }
  if (json) terminal.print(JSON.stringify(done));
}

/** What an entry says; whether it makes a worker the server decides. Numbers are serials too, where nobody put quotes around them. */
function workerIn(entry: JsonObject) {
  const { serial, worker_type: type, host, connection_type: connection = "http" } = entry;
  const called = stringOf(entry["name"]) ?? "quokka";
  const name = `${called.replaceAll(/[^\w.-]+/g, "-")}-${stringOf(type) ?? ""}`;
  return { serial: typeof serial === "number" ? String(serial) : serial, type, host, connection, name };
}

/**
 * @returns what it is called: when its name is another one's already, the usual name. Undefined when one of its serial and type is
 * there.
 */
async function entered(api: Api, { name, ...worker }: ReturnType<typeof workerIn>): Promise<string | undefined> {
  return (await added(api, { ...worker, name })) ?? (await added(api, worker));
}

async function added(api: Api, body: object): Promise<string | undefined> {
  try {
    return stringOf(objectIn(await api.ask("POST", "/quokka/workers", { body }))["name"]);
  } catch (error) {
    if (error instanceof FarhandError && error.code === "QUOKKA_TAKEN") return undefined;
    throw error;
  }
}

/** The file is a list; ours are objects. */
async function entriesOf(file: string): Promise<readonly JsonObject[]> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new CliError("USAGE", `${file} cannot be read: ${errorText(error)}`, {
      remedy: "give the path of workers.yaml",
    });
  });
  const { workers = [] } = await parseDocument(`workers:\n${text.replaceAll(/^---.*$/gm, "")}`, file);
  const entries: readonly Json[] = Array.isArray(workers) ? workers : [];
  if (entries.length > 0 && entries.every((entry) => isJsonObject(entry))) return entries;
  throw new CliError("USAGE", `${file} is no list of workers`, {
    remedy: "give the workers.yaml of a Quokka server: a list of entries with name, host, serial and worker_type",
  });
}
