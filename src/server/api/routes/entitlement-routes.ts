import type { EntitlementDocument } from "#fleet";
import { entitlementState, endToTell, type HeldEntitlement } from "../../policy/held-entitlement.ts";
import { pageOfAll } from "../cursor.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import {
  Entitlement,
  EntitlementParams,
  Entitlements,
  EntitlementsQuery,
  EntitlementText,
} from "./entitlements-schema.ts";

const monitor = { kind: "area", area: "workers", level: "monitor" } as const;
const admin = { kind: "area", area: "workers", level: "admin" } as const;

/** Signed entitlements: which there are and what they come to, and those that admins enter (CAT-98). */
export function entitlementRoutes({ entitlements, clock }: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/entitlements",
      summary: "The entitlements of this server and of its workers",
      needs: monitor,
      schema: { query: EntitlementsQuery, answer: Entitlements },
      handle: async ({ query }) => {
        const page = pageOfAll(entitlements.held, query, ({ place }) => place);
        const items = page.items.map((held) => viewOf(held, clock.now()));
        return { ...page, items, serverId: entitlements.serverId, faults: [...entitlements.faults] };
      },
    }),
    route({
      method: "POST",
      path: "/api/entitlements",
      summary: "Enter an entitlement, in place of one with the same id",
      needs: admin,
      sensitive: true,
      schema: { body: EntitlementText, answer: Entitlement },
      handle: async (call) => viewOf(await entitlements.enter(call.body.text, call.actor), clock.now()),
    }),
    route({
      method: "DELETE",
      path: "/api/entitlements/:id",
      summary: "Take away an entitlement that was entered",
      needs: admin,
      sensitive: true,
      schema: { params: EntitlementParams },
      handle: async (call) => {
        await entitlements.remove(call.params.id, call.actor);
        return undefined;
      },
    }),
  ];
}

function viewOf(held: HeldEntitlement, now: number) {
  const { document, fault, workerId, place, entered_by: enteredBy, entered_at: enteredAt } = held;
  const source = workerId !== undefined ? ("worker" as const) : place === "file" ? ("file" as const) : "entered";
  return {
    ...saidBy(document),
    state: entitlementState(held, now),
    endsSoon: endToTell(held, now) === "ending",
    source,
    enteredBy,
    enteredAt,
    ...(fault !== undefined && { fault }),
    ...(workerId !== undefined && { worker: workerId }),
  };
}

function saidBy(document: EntitlementDocument | undefined) {
  if (!document) return { id: "", holder: "", features: [], limits: {} };
  const { id, holder, features, limits, notBefore, notAfter } = document;
  const most = limits["workers.max"];
  return { id, holder, features, limits: most === undefined ? {} : { "workers.max": most }, notBefore, notAfter };
}
