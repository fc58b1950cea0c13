import type { WorkersApi } from "./workers-api.ts";
import { apiPath } from "./api-path.ts";
import { objectIn } from "./shapes.ts";

/** Call a method of a worker through the server. @throws {ServerProblem} what the server or the worker refused. */
export async function callWorker(
  api: WorkersApi,
  worker: string,
  method: string,
  params: object = {},
): Promise<unknown> {
  const answer = await api.ask("POST", apiPath`/workers/${worker}/rpc`, { body: { method, params } });
  return objectIn(answer)["result"];
}
