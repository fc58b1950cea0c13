import type { JsonObject } from "#fleet";
import { WorkerError } from "../errors.ts";
import { switchNames } from "./switches.ts";

/** What a request of the REST subset stands for. */
export interface RestCall {
  readonly method: string;
  readonly params: JsonObject;
}

/** A route that takes a body is finished with it. */
export type RestRoute = { readonly call: RestCall } | { readonly finish: (body: JsonObject) => RestCall };

const taskPath = /^\/v1\/tasks\/([0-9A-Za-z]{1,64})$/;
const switchPath = /^\/v1\/switches\/([a-z]{1,20})$/;

/** The whole REST subset: monitoring and the three switches, nothing else (CAT-16). */
export function restRoute(method: string, path: string, query: URLSearchParams): RestRoute | undefined {
  const name = switchPath.exec(path)?.[1];
  if (method === "PUT" && switchNames.some((known) => known === name))
    return { finish: (body) => switchCall(name ?? "", body) };
  if (method !== "GET") return undefined;
  if (path === "/v1/status") return { call: { method: "worker.status", params: {} } };
  if (path === "/v1/tasks") return { call: { method: "units.list", params: listParams(query) } };
  const unit = taskPath.exec(path)?.[1];
  return unit === undefined ? undefined : { call: { method: "units.status", params: { unit } } };
}

/** @throws {WorkerError} REQUEST_UNFIT. */
function switchCall(name: string, body: JsonObject): RestCall {
  if (Object.keys(body).join() !== "on")
    throw new WorkerError("REQUEST_UNFIT", 'the body is {"on": true} or {"on": false}');
  return { method: "worker.switches.set", params: { [name]: body["on"] } };
}

/** `?state=&workType=&limit=&cursor=`; what the method does not know, it says. */
function listParams(query: URLSearchParams): JsonObject {
  return Object.fromEntries([...query].map(([name, text]) => [name, name === "limit" ? numberIn(text) : text]));
}

function numberIn(text: string): number | string {
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}
