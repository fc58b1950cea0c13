import type { IndexedUnit, Page, UnitDetails, UnitTaken } from "#server/wire";
import { apiPath, word } from "./place.ts";
import { get, request } from "./request.ts";

/** A command to be run. */
export interface UnitWish {
  readonly workType: string;
  readonly params?: Readonly<Record<string, string>>;
  /** What the command reads from its stdin. */
  readonly payload: string | File;
}

const unitRoute = (worker: string, unit: string): string => `workers/${word(worker)}/units/${word(unit)}`;

/** Which units of all workers. */
export interface UnitsWish {
  readonly worker?: string;
  readonly state?: string;
  readonly workType?: string;
  readonly user?: string;
}

/** Units of all workers from the server's index, the newest first, without those that were released. */
export const readAllUnits = (wish: UnitsWish, cursor: string | undefined, limit: number, signal: AbortSignal) => {
  const query = new URLSearchParams({ ...wish, released: "false", limit: String(limit), ...(cursor && { cursor }) });
  return get<Page<IndexedUnit>>(`units?${query}`, signal);
};

export const readUnit = (worker: string, unit: string, signal?: AbortSignal): Promise<UnitDetails> =>
  get(unitRoute(worker, unit), signal);

/** Start a unit. @param key what this very wish is known by: sent twice, it is done once. */
export const submitUnit = (worker: string, { payload, ...wish }: UnitWish, key: string): Promise<UnitTaken> => {
  const headers = { "idempotency-key": key };
  const route = `workers/${word(worker)}/units`;
  if (typeof payload === "string") return request("POST", route, { body: { ...wish, payload }, headers });
  const form = new FormData();
  form.append("request", JSON.stringify(wish));
  form.append("payload", payload, "payload");
  return request("POST", route, { form, headers });
};

export const cancelUnit = (worker: string, unit: string): Promise<{ readonly pending: boolean }> =>
  request("POST", `${unitRoute(worker, unit)}/cancel`);

export const releaseUnit = (worker: string, unit: string, force: boolean): Promise<{ readonly pending: boolean }> =>
  request("DELETE", `${unitRoute(worker, unit)}?force=${force}`);

/** Where the browser fetches the whole output from. */
export const outputPath = (worker: string, unit: string): string => apiPath(`${unitRoute(worker, unit)}/output`);

export const outputRoute = (worker: string, unit: string, from: number): string =>
  `${unitRoute(worker, unit)}/output?from=${from}&follow=true`;
