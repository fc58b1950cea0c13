import { pageOfAll } from "../cursor.ts";
import { requireMayConfigure } from "../may-configure.ts";
import { type Route, route } from "../route.ts";
import { said } from "../said.ts";
import type { RouteServices } from "../services.ts";
import { Approval, PendingParams, PendingQuery, PendingWorkers } from "./pending-schema.ts";

const admin = { kind: "area", area: "workers", level: "admin" } as const;

/** Workers that came without a token: a person compares fingerprints, and decides (CAT-33). */
export function pendingRoutes(services: RouteServices): Route[] {
  const { pending } = services;
  return [
    route({
      method: "GET",
      path: "/api/pending-workers",
      summary: "Workers that wait to be approved",
      needs: admin,
      schema: { query: PendingQuery, answer: PendingWorkers },
      handle: async ({ query }) => pageOfAll(await pending.list(), query, ({ fingerprint }) => fingerprint),
    }),
    route({
      method: "POST",
      path: "/api/pending-workers/:fingerprint/approve",
      summary: "Let a worker in whose fingerprint is the one it shows at its own place",
      needs: admin,
      schema: { params: PendingParams, body: Approval },
      handle: async (call) => {
        await requireMayConfigure(services, call.caller, call.body.labels);
        await pending.approve(call.params.fingerprint, said(call.body), call.actor);
        return undefined;
      },
    }),
    route({
      method: "POST",
      path: "/api/pending-workers/:fingerprint/reject",
      summary: "Send a worker away that waits to be approved",
      needs: admin,
      schema: { params: PendingParams },
      handle: async (call) => {
        await pending.reject(call.params.fingerprint, call.actor);
        return undefined;
      },
    }),
  ];
}
