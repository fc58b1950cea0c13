import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import type { WorkersApi } from "./workers-api.ts";
import { apiPath } from "./api-path.ts";
import { callWorker } from "./call-worker.ts";
import { heldPlace } from "./held-place.ts";
import type { ConfigPlace } from "./place.ts";
import { ServerProblem } from "./problem.ts";
import { seenWorker, type SeenWorker } from "./seen-worker.ts";
import { objectIn, stringOf } from "./shapes.ts";
import { workerPlace } from "./worker-place.ts";

/** The label by which an administrator gives a worker a configuration of the server. */
const configLabel = "farhand/config";

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
export async function placeOf(api: WorkersApi, name: string, options: PlaceOptions = {}): Promise<ConfigPlace> {
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

async function workerNamed(api: WorkersApi, name: string, isNeeded: boolean): Promise<SeenWorker | undefined> {
  try {
    return seenWorker(await api.ask("GET", apiPath`/workers/${name}`));
  } catch (error) {
    // Names of configurations may be none of workers.
    const isNone = error instanceof ServerProblem && (error.status === 404 || error.status === 400);
    if (isNeeded || !isNone) throw error;
    return undefined;
  }
}

async function isHeld(api: WorkersApi, name: string): Promise<boolean> {
  try {
    await api.ask("GET", apiPath`/worker-configs/${name}`);
    return true;
  } catch (error) {
    if (error instanceof ServerProblem && error.status < 500) return false;
    throw error;
  }
}

async function placeOfWorker(api: WorkersApi, worker: SeenWorker): Promise<ConfigPlace> {
  if (worker.mode === "cloud") return cloudPlace(api, worker);
  const got = objectIn(await callWorker(api, worker.name, "config.get"));
  const place = objectIn(got["place"]);
  if (place["kind"] === "cloud") return cloudPlace(api, worker);
  return workerPlace(api, worker.name, stringOf(place["path"]) ?? "its file");
}

/** A worker of this kind can be away: what it goes by is the server's. */
function cloudPlace(api: WorkersApi, { name, labels }: SeenWorker): ConfigPlace {
  const own = labels[configLabel];
  if (own !== undefined) return heldPlace(api, own, ` (worker ${oneLine(name)} goes by it)`);
  throw new CliError("USAGE", `worker ${name} takes its configuration from the server, and none is named for it`, {
    remedy: `\`farhand workers set ${name} --label ${configLabel}=NAME\` names one`,
  });
}
