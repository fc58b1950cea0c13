import type {
  CheckedText,
  ConnectionTest,
  ThreeWayChange,
  WorkerConfiguration,
  WorkerConfigWritten,
  WorkerView,
} from "#server/wire";
import { connectionHandle, newConnection } from "./connection.ts";
import { word } from "./place.ts";
import { request } from "./request.ts";

const routeOf = (worker: string): string => `workers/${word(worker)}`;
const handle = async () => ({ "x-connection": await connectionHandle() });

export const readWorkerConfiguration = async (worker: string, signal: AbortSignal): Promise<WorkerConfiguration> =>
  request("GET", `${routeOf(worker)}/configuration`, { signal, headers: await handle() });

/** What the worker itself says against a text; nothing is written. */
export const checkWorkerConfig = async (worker: string, text: string, signal?: AbortSignal): Promise<CheckedText> =>
  request("POST", `${routeOf(worker)}/configuration/check`, {
    ...{ body: { text }, headers: await handle() },
    ...(signal && { signal }),
  });

async function call<R>(worker: string, method: string, params: object): Promise<R> {
  const asking = { body: { method, params }, headers: await handle() };
  return (await request<{ readonly result: R }>("POST", `${routeOf(worker)}/rpc`, asking)).result;
}

export const writeWorkerConfig = (
  worker: string,
  edit: { readonly document: Readonly<Record<string, unknown>>; readonly ifMatch: number; readonly comment: string },
): Promise<WorkerConfigWritten> => call(worker, "config.put", edit);

/** What somebody else and you have made of the same version. */
export const compareWorkerConfig = (
  worker: string,
  document: Readonly<Record<string, unknown>>,
  base: number,
): Promise<{ readonly version: number; readonly changes: readonly ThreeWayChange[] }> =>
  call(worker, "config.compare", { document, base });

/** Say over another connection that the worker is still reached: the edit stays (CAT-75). */
export async function confirmWorkerConfig(worker: string, version: number): Promise<void> {
  await newConnection();
  await call(worker, "config.confirm", { version });
}

export const putBackWorkerConfig = (worker: string, to: number, ifMatch: number): Promise<WorkerConfigWritten> =>
  call(worker, "config.rollback", { version: to, ifMatch });

/** Ask the worker now, and hear which stage fails. */
export const testConnection = async (worker: string): Promise<ConnectionTest> =>
  request("POST", `${routeOf(worker)}/test`, { headers: await handle() });

/** All labels that the worker is to have. */
export const setLabels = (worker: string, labels: Readonly<Record<string, string>>): Promise<WorkerView> =>
  request("PATCH", routeOf(worker), { body: { labels } });

/** Start it anew: what waits for that is in force afterwards. Commands that run go on. */
export const restartWorker = async (worker: string): Promise<void> => {
  await call(worker, "worker.restart", {});
};

/** Where a person says the worker can be reached from outside; null: nowhere. */
export const setAddress = (worker: string, address: string | null): Promise<WorkerView> =>
  request("PATCH", routeOf(worker), { body: { address } });
