import { Readable } from "node:stream";
import { FleetError, type UnitsPage, unitsCancel, unitsList, unitsRelease, unitsStatus } from "#fleet";
import { created } from "../answer.ts";
import type { Call } from "../call.ts";
import { guarded } from "../guarded-stream.ts";
import { submitOnce } from "../keyed-submit.ts";
import { type Route, route } from "../route.ts";
import { said } from "../said.ts";
import type { RouteServices } from "../services.ts";
import { outputRoute } from "./output-route.ts";
import { progressTokenRoute } from "./progress-token-route.ts";
import { callMethod } from "./rpc-routes.ts";
import { ReleaseQuery, Unit, UnitTaken, UnitParams, Units, UnitsQuery, UnitWish } from "./units-schema.ts";
import { WorkerParams } from "./workers-schema.ts";

const monitor = { kind: "worker", level: "monitor" } as const;
const operate = { kind: "worker", level: "operate" } as const;
const entitled = { entitlement: "remote.operate" };

/** Units on one worker: submit, look, cancel, release, and their output. */
export function unitsRoutes(services: RouteServices): Route[] {
  return [
    submitRoute(services),
    ...lookRoutes(services),
    ...endRoutes(services),
    outputRoute(services),
    progressTokenRoute(services),
  ];
}

function submitRoute(services: RouteServices): Route {
  return route({
    method: "POST",
    path: "/api/workers/:worker/units",
    summary: "Start a unit; its payload goes on to the worker as it comes",
    needs: operate,
    ...entitled,
    keyed: "by name",
    payload: true,
    schema: { params: WorkerParams, body: UnitWish, answer: UnitTaken },
    handle: async (call) => {
      const { payload: text = "", ...given } = call.body;
      const wish = said(given);
      await services.audit.record(call.actor, "worker.units.submit", call.worker.id, { workType: given.workType });
      const { limits } = services;
      const source = call.payload ?? Readable.from([Buffer.from(text)], { objectMode: false });
      const payload = guarded(source, { limits, signal: call.signal, used: () => call.used() });
      // Of a payload that was refused nobody reads the rest.
      const taken = await submitOnce(services, call, wish, payload).finally(() => payload.destroy());
      const made = UnitTaken.safeParse(taken);
      if (made.success) return created(made.data);
      throw new FleetError("REPLY_INVALID", "the worker's answer to units.submit is none");
    },
  });
}

function lookRoutes(services: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/workers/:worker/units",
      summary: "Units of a worker, the newest first",
      needs: monitor,
      schema: { params: WorkerParams, query: UnitsQuery, answer: Units },
      handle: async (call) => {
        const { units, next } = (await callMethod(services, call, plain(unitsList), said(call.query))) as UnitsPage;
        return { items: units, ...(next !== undefined && { next }) };
      },
    }),
    route({
      method: "GET",
      path: "/api/workers/:worker/units/:unit",
      summary: "One unit, and how it ended as far as it has",
      needs: monitor,
      schema: { params: UnitParams, answer: Unit },
      handle: (call) => about(services, call, unitsStatus, { unit: call.params.unit }),
    }),
  ];
}

function endRoutes(services: RouteServices): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/workers/:worker/units/:unit/cancel",
      summary: "Cancel a unit",
      needs: operate,
      ...entitled,
      keyed: "answer",
      schema: { params: UnitParams, answer: Unit },
      handle: (call) => about(services, call, unitsCancel, { unit: call.params.unit }),
    }),
    route({
      method: "DELETE",
      path: "/api/workers/:worker/units/:unit",
      summary: "Remove an ended unit with its output; with force also one that runs",
      needs: operate,
      ...entitled,
      schema: { params: UnitParams, query: ReleaseQuery, answer: Unit },
      handle: (call) =>
        about(services, call, unitsRelease, { unit: call.params.unit, force: call.query.force ?? false }),
    }),
  ];
}

type AnyMethod = Parameters<typeof callMethod>[2];

/** Methods of different parameters in one kind of hand. */
function plain(method: object): AnyMethod {
  return method as AnyMethod;
}

async function about(services: RouteServices, call: Call, method: object, params: object): Promise<object> {
  return (await callMethod(services, call, plain(method), params)) as object;
}
