import type { JsonObject } from "#core";
import type { ConfigCompared, ConfigEffective, ConfigGot, ConfigValidated, ConfigWritten } from "#fleet";
import type { CliError } from "../errors.ts";
import { openOwnSetup } from "../own-setup.ts";
import { isSilent, type LocalWorker } from "./local-worker.ts";

/** A document, and the version that it was made from. */
type Edit = JsonObject & { readonly document: JsonObject; readonly ifMatch: number; readonly comment: string };

/** A configuration where it is kept: through the service, or in its file while there is none (CAT-30). */
interface KeptConfiguration {
  get(): Promise<ConfigGot>;
  effective(): Promise<ConfigEffective>;
  validate(document: JsonObject): Promise<ConfigValidated>;
  compare(document: JsonObject, base: number): Promise<ConfigCompared>;
  put(edit: Edit): Promise<ConfigWritten>;
}

/** As in the history of a file that was edited without its service. */
const editor = { name: "local user", connection: "file", isRemote: false };

/**
 * Do something with the configuration of this machine's worker. Its file is held only meanwhile, and only that of a user:
 * behind the back of a root process nobody writes.
 *
 * @throws {CliError} WORKER_SILENT: a worker of the system that does not run. @throws what the worker or its file says.
 */
export async function withConfiguration<T>(
  worker: LocalWorker,
  use: (kept: KeptConfiguration) => Promise<T>,
): Promise<T> {
  try {
    return await use(throughService(worker));
  } catch (error) {
    if (!isSilent(error)) throw error;
    return await inFile(worker, error, use);
  }
}

function throughService(worker: LocalWorker): KeptConfiguration {
  return {
    get: async () => (await worker.ask("config.get")) as ConfigGot,
    effective: async () => (await worker.ask("config.effective")) as ConfigEffective,
    validate: async (document) => (await worker.ask("config.validate", { document })) as ConfigValidated,
    compare: async (document, base) => (await worker.ask("config.compare", { document, base })) as ConfigCompared,
    put: async (edit) => (await worker.ask("config.put", edit)) as ConfigWritten,
  };
}

async function inFile<T>(
  { mode, env }: LocalWorker,
  silent: CliError,
  use: (kept: KeptConfiguration) => Promise<T>,
): Promise<T> {
  const setup = await openOwnSetup(mode, env, silent);
  const { configuration } = setup;
  try {
    return await use({
      get: () => Promise.resolve(configuration.get()),
      effective: () => Promise.resolve(configuration.effective()),
      validate: (document) => configuration.validate(document),
      compare: async (document, base) => configuration.compare(document, base),
      put: (edit) => configuration.put(edit, editor),
    });
  } finally {
    await setup.close();
  }
}
