import type { Level } from "#fleet";
import { type Caller, callerLevel } from "../../auth/callers.ts";
import type { Worker } from "../../registry/worker.ts";
import { lastWorkerEvents, workerEvents } from "../../store/worker-events.ts";
import type { Call } from "../call.ts";
import { keyOfCursor, numberOfCursor, pageFrom, type PageWish } from "../cursor.ts";
import { requireMayConfigure } from "../may-configure.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { workerView } from "../worker-view.ts";
import {
  Availability,
  Events,
  EventsQuery,
  HealthQuery,
  HealthSeries,
  WindowQuery,
  WorkerChange,
  WorkerParams,
  Workers,
  WorkersQuery,
  WorkerView,
} from "./workers-schema.ts";

const monitor = { kind: "worker", level: "monitor" } as const;
const admin = { kind: "worker", level: "admin" } as const;
const readAtOnce = 500;

/** The workers: who they are and how, and what people change of them. */
export function workersRoutes(services: RouteServices): Route[] {
  return [...listRoutes(services), ...changeRoutes(services), ...healthRoutes(services)];
}

function listRoutes(services: RouteServices): Route[] {
  const { presence } = services;
  return [
    route({
      method: "GET",
      path: "/api/workers",
      summary: "The workers that you may see, by name",
      needs: { kind: "caller" },
      schema: { query: WorkersQuery, answer: Workers },
      handle: async ({ caller, query }) => {
        const labels = [query.label ?? []].flat().map((text) => text.split(/=(.*)/s).slice(0, 2) as [string, string]);
        const wanted = (worker: Worker): boolean =>
          labels.every(([name, value]) => worker.labels[name] === value) &&
          (query.state === undefined || (presence.state(worker.id)?.state ?? worker.state) === query.state);
        const found = await visibleWorkers(services, caller, query, wanted);
        const page = pageFrom(found, query.limit, ({ worker }) => worker.name);
        const offers = await services.registry.offers(page.items.map(({ worker }) => worker.id));
        return {
          ...page,
          items: page.items.map(({ worker, level }) =>
            workerView(worker, level, presence.state(worker.id), offers.get(worker.id)),
          ),
        };
      },
    }),
    route({
      method: "GET",
      path: "/api/workers/:worker",
      summary: "One worker, by id or name",
      needs: monitor,
      schema: { params: WorkerParams, answer: WorkerView },
      handle: async (call) => seen(services, call, call.worker),
    }),
  ];
}

/** One more than asked for, so that it shows whether there are more. */
async function visibleWorkers(
  { registry }: RouteServices,
  caller: Caller,
  { limit, cursor }: PageWish,
  wanted: (worker: Worker) => boolean,
): Promise<{ readonly worker: Worker; readonly level: Level }[]> {
  const found: { readonly worker: Worker; readonly level: Level }[] = [];
  // Mostly all are visible and wanted, and the first look is enough.
  for (let [after, atOnce] = [keyOfCursor(cursor) ?? "", limit + 1]; ; atOnce = readAtOnce) {
    const some = await registry.list(after, atOnce);
    for (const worker of some) {
      const level = callerLevel(caller, "workers", worker.labels);
      if (level !== "none" && wanted(worker)) found.push({ worker, level });
      if (found.length > limit) return found;
    }
    const last = some.at(-1);
    if (last === undefined || some.length < atOnce) return found;
    after = last.name;
  }
}

function changeRoutes(services: RouteServices): Route[] {
  const { registry } = services;
  return [
    route({
      method: "PATCH",
      path: "/api/workers/:worker",
      summary: "Change a worker's labels and the address it may be dialled at",
      needs: admin,
      schema: { params: WorkerParams, body: WorkerChange, answer: WorkerView },
      handle: async (call) => {
        const { labels, address } = call.body;
        const { id } = call.worker;
        if (labels !== undefined) {
          await requireMayConfigure(services, call.caller, labels, call.worker.labels);
          await registry.setLabels(id, labels, call.actor);
          await services.recheck();
        }
        if (address !== undefined) await registry.setAddress(id, address, call.actor);
        return seen(services, call, await registry.find(id));
      },
    }),
    route({
      method: "DELETE",
      path: "/api/workers/:worker",
      summary: "Send a worker away; it needs a new enrolment token to come back",
      needs: admin,
      sensitive: true,
      schema: { params: WorkerParams },
      handle: async (call) => {
        await registry.remove(call.worker.id, call.actor);
        return undefined;
      },
    }),
  ];
}

function healthRoutes({ health, store }: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/workers/:worker/health",
      summary: "A worker's numbers over time",
      needs: monitor,
      schema: { params: WorkerParams, query: HealthQuery, answer: HealthSeries },
      handle: async ({ worker, query }) => ({
        points: (await health.series(worker.id, query)).map((point) => ({ ...point, sample: { ...point.sample } })),
      }),
    }),
    route({
      method: "GET",
      path: "/api/workers/:worker/availability",
      summary: "How much of a time a worker was there",
      needs: monitor,
      schema: { params: WorkerParams, query: WindowQuery, answer: Availability },
      handle: async ({ worker, query }) => await health.availability(worker.id, query.from, query.to),
    }),
    route({
      method: "GET",
      path: "/api/workers/:worker/events",
      summary: "What happened to a worker, the oldest or the newest first",
      needs: monitor,
      schema: { params: WorkerParams, query: EventsQuery, answer: Events },
      handle: async ({ worker, query: { limit, cursor, order } }) => {
        const place = cursor === undefined ? undefined : numberOfCursor(cursor);
        const events =
          order === "newest"
            ? await lastWorkerEvents(store.db, worker.id, place, limit + 1)
            : await workerEvents(store.db, place ?? 0, limit + 1, worker.id);
        return pageFrom(events, limit, ({ sequence }) => String(sequence));
      },
    }),
  ];
}

async function seen({ presence, registry }: RouteServices, call: Call, worker: Worker) {
  const level = callerLevel(call.caller, "workers", worker.labels);
  const offers = await registry.offers([worker.id]);
  return workerView(worker, level, presence.state(worker.id), offers.get(worker.id));
}
