import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { type ServerOptions, withServer } from "./server-options.ts";

/** What commands about workers need of whoever knows them: a server, or our own list. */
export type WorkersApi = Pick<ApiClient, "ask" | "now">;

/** `--server standalone`: the workers of `workers.yaml`, each asked itself (CAT-43). */
export const standaloneName = "standalone";

/** Ask the server that is meant, or the workers of our own list. Throws as {@link withServer} does. */
export async function withWorkers<T>(
  options: ServerOptions,
  terminal: Terminal,
  ask: (api: WorkersApi) => Promise<T>,
): Promise<T> {
  if (options.server !== standaloneName) return await withServer(options, terminal, ask);
  const [{ handListPath, readHandList }, { StandaloneWorkers }] = await Promise.all([
    import("./hand-list.ts"),
    import("./standalone-workers.ts"),
  ]);
  const workers = new StandaloneWorkers(await readHandList(handListPath(terminal.env)));
  try {
    return await ask(workers);
  } finally {
    await workers.close();
  }
}
