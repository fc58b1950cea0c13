import type { Rollouts } from "../../config/rollouts.ts";
import { configUsers } from "../../config/config-status.ts";
import { pageOfAll } from "../cursor.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { ConfigParams, ConfigsQuery, ConfigUsers, Rollout, RolloutBody } from "./configs-schema.ts";

const monitor = { kind: "config", level: "monitor" } as const;
const configure = { kind: "config", level: "configure" } as const;

/** How versions of configurations come to their workers (CAT-79, CAT-80). */
export function rolloutRoutes(services: RouteServices): Route[] {
  const { rollouts } = services;
  return [
    route({
      method: "GET",
      path: "/api/worker-configs/:name/workers",
      summary: "The workers of a configuration, and what became of the last version at each",
      needs: monitor,
      schema: { params: ConfigParams, query: ConfigsQuery, answer: ConfigUsers },
      handle: async ({ params, query }) =>
        pageOfAll(await configUsers(services, params.name), query, ({ name }) => name),
    }),
    route({
      method: "GET",
      path: "/api/worker-configs/:name/rollout",
      summary: "The last roll-out by stages, and what it waits for",
      needs: monitor,
      schema: { params: ConfigParams, answer: Rollout },
      handle: async ({ params }) => shown(await rollouts.get(params.name)),
    }),
    route({
      method: "POST",
      path: "/api/worker-configs/:name/rollout",
      summary: "Pause a roll-out, resume it, finish it now, or abort it: then the version before holds again",
      needs: configure,
      entitlement: "cloud.config",
      sensitive: true,
      schema: { params: ConfigParams, body: RolloutBody, answer: Rollout },
      handle: async (call) => shown(await rollouts[call.body.do](call.params.name, call.actor)),
    }),
  ];
}

/** Lists that may be written to, as schemas have them. */
function shown(rollout: Awaited<ReturnType<Rollouts["get"]>>) {
  const { plan, canaries, ...rest } = rollout;
  const choose = "count" in plan.choose ? plan.choose : { labels: { ...plan.choose.labels } };
  return { ...rest, plan: { ...plan, choose }, canaries: [...canaries] };
}
