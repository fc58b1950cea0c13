import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import { configOf, type HeldConfig, putDocument } from "./configs.ts";
import { callWorker } from "./call-worker.ts";
import { ServerProblem } from "./problem.ts";
import { seenWorker, type SeenWorker } from "./seen-worker.ts";
import { allOf } from "./pages.ts";
import { objectIn, type Shape, stringOf } from "./shapes.ts";
import { workerPlace } from "./worker-place.ts";

/** The label by which an administrator gives a worker a configuration of the server. */
const configLabel = "farhand/config";

/** What is to be written. */
export interface PlaceEdit {
  readonly document: Shape;
  readonly ifMatch: number;
  readonly comment: string | undefined;
  /** Some workers first; see `canaryOf`. */
  readonly canary?: Shape | undefined;
}

/** A configuration where it is kept (CAT-78): at the server, or with a worker in a file of its own. */
export interface ConfigPlace {
  readonly kind: "held" | "worker";
  /** Of the configuration, or of the worker. */
  readonly name: string;
  /** What it is, for people: it is said before anything is edited. */
  readonly what: string;
  /** Version 0 and an empty document where there is none yet. */
  read(): Promise<HeldConfig>;
  /** What somebody who edits it should know, a line each. */
  notes(): Promise<string[]>;
  put(edit: PlaceEdit): Promise<Shape>;
  /** What somebody else has written meanwhile (CAT-72). */
  differences(error: ServerProblem, edit: PlaceEdit): Promise<readonly Shape[]>;
}

/** Which of the two is meant, where both have the name. */
export interface PlaceOptions {
  readonly held?: true;
  readonly worker?: true;
}

/**
 * Where the configuration is that a word means: the name of a configuration, or of a worker.
 *
 * @throws {CliError} `USAGE` when it may be either. @throws {ServerProblem}
 */
export async function placeOf(api: ApiClient, name: string, options: PlaceOptions = {}): Promise<ConfigPlace> {
  if (options.held && options.worker) throw new CliError("USAGE", "--held and --worker are different places");
  const worker = options.held ? undefined : await workerNamed(api, name, options.worker === true);
  if (!worker) return heldPlace(api, name);
  const own = worker.labels[configLabel];
  if (!options.worker && own !== name && (await isHeld(api, name)))
    throw new CliError("USAGE", `there are a worker ${name} and a configuration ${name}`, {
      remedy: "--worker means the worker's own, --held the server's",
    });
  return await placeOfWorker(api, worker);
}

async function workerNamed(api: ApiClient, name: string, isNeeded: boolean): Promise<SeenWorker | undefined> {
  try {
    return seenWorker(await api.ask("GET", apiPath`/workers/${name}`));
  } catch (error) {
    // Names of configurations may be none of workers.
    const isNone = error instanceof ServerProblem && (error.status === 404 || error.status === 400);
    if (isNeeded || !isNone) throw error;
    return undefined;
  }
}

async function isHeld(api: ApiClient, name: string): Promise<boolean> {
  try {
    await api.ask("GET", apiPath`/worker-configs/${name}`);
    return true;
  } catch (error) {
    if (error instanceof ServerProblem && error.status < 500) return false;
    throw error;
  }
}

async function placeOfWorker(api: ApiClient, worker: SeenWorker): Promise<ConfigPlace> {
  if (worker.mode === "cloud") return cloudPlace(api, worker);
  const got = objectIn(await callWorker(api, worker.name, "config.get"));
  const place = objectIn(got["place"]);
  if (place["kind"] === "cloud") return cloudPlace(api, worker);
  return workerPlace(api, worker.name, stringOf(place["path"]) ?? "its file");
}

/** A worker of this kind can be away: what it goes by is the server's. */
function cloudPlace(api: ApiClient, { name, labels }: SeenWorker): ConfigPlace {
  const own = labels[configLabel];
  if (own !== undefined) return heldPlace(api, own, ` (worker ${oneLine(name)} goes by it)`);
  throw new CliError("USAGE", `worker ${name} takes its configuration from the server, and none is named for it`, {
    remedy: `\`farhand workers set ${name} --label ${configLabel}=NAME\` names one`,
  });
}

function heldPlace(api: ApiClient, name: string, more = ""): ConfigPlace {
  return {
    kind: "held",
    name,
    what: `configuration ${oneLine(name)} of the server${more}`,
    read: () => heldOrNew(api, name),
    notes: async () => [await usersNote(api, name), secretsNote],
    put: (edit) => putDocument(api, name, edit),
    differences: async ({ document }) => listed(document["changes"]),
  };
}

/** What a secret looks like, and how it stays. */
export const secretsNote = "a secret shows as `$secret: set`: leave it so to keep it, or write {$secret: {value: …}}";

export function listed(value: unknown): Shape[] {
  return Array.isArray(value) ? value.map(objectIn) : [];
}

async function heldOrNew(api: ApiClient, name: string): Promise<HeldConfig> {
  try {
    return await configOf(api, name);
  } catch (error) {
    if (error instanceof ServerProblem && error.code === "CONFIG_NOT_FOUND")
      return { version: 0, document: {}, whole: {} };
    throw error;
  }
}

async function usersNote(api: ApiClient, name: string): Promise<string> {
  const users = await allOf(api, apiPath`/worker-configs/${name}/workers`);
  const names = users.slice(0, 5).map((user) => stringOf(user["name"]) ?? "?");
  if (names.length === 0) return "no worker goes by it yet";
  const more = users.length > names.length ? ` and ${users.length - names.length} more` : "";
  return `workers that go by it: ${names.join(", ")}${more}`;
}
