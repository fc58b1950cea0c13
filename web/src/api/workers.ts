import type { HealthSeries, Hints, Page, WorkerEvent, WorkerView } from "#server/wire";
import { connectionHandle } from "./connection.ts";
import { word } from "./place.ts";
import { get, request } from "./request.ts";

/** A span, milliseconds since 1970. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

export const readWorker = (worker: string, signal: AbortSignal): Promise<WorkerView> =>
  get(`workers/${word(worker)}`, signal);

export const readHealth = (worker: string, { from, to }: Window, stepMs: number, signal: AbortSignal) =>
  get<HealthSeries>(`workers/${word(worker)}/health?from=${from}&to=${to}&stepMs=${stepMs}`, signal);

/** Parts of a long history that are asked for; what is newer than that is not shown. */
const mostParts = 40;

/** What happened to a worker, all that is kept, the oldest first: as the API tells it, part by part. */
export async function readEvents(worker: string, signal: AbortSignal): Promise<readonly WorkerEvent[]> {
  const events: WorkerEvent[] = [];
  let cursor = "";
  for (let part = 0; part < mostParts; part++) {
    const query = new URLSearchParams({ limit: "500", ...(cursor !== "" && { cursor }) });
    const { items, next } = await get<Page<WorkerEvent>>(`workers/${word(worker)}/events?${query}`, signal);
    events.push(...items);
    if (next === undefined) break;
    cursor = next;
  }
  return events;
}

/** What happened to a worker last, the newest first. */
export const readLastEvents = async (worker: string, most: number, signal: AbortSignal) =>
  (await get<Page<WorkerEvent>>(`workers/${word(worker)}/events?order=newest&limit=${most}`, signal)).items;

/** What keeps somebody from the worker, and its doctor's findings. */
export const readHints = async (worker: string, signal: AbortSignal): Promise<Hints> =>
  request("GET", `workers/${word(worker)}/hints`, { signal, headers: { "x-connection": await connectionHandle() } });
