import type { Route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { allUnitsRoutes } from "./all-units-routes.ts";
import { auditRoutes } from "./audit-routes.ts";
import { configsRoutes } from "./configs-routes.ts";
import { configTextRoutes } from "./config-text-routes.ts";
import { rolloutRoutes } from "./rollout-routes.ts";
import { httpRoutes } from "./http-routes.ts";
import { recordingsRoutes } from "./recordings-routes.ts";
import { enrolRoutes } from "./enrol-routes.ts";
import { entitlementRoutes } from "./entitlement-routes.ts";
import { hintsRoutes } from "./hints-routes.ts";
import { liveRoutes } from "./live-routes.ts";
import { loginRoutes } from "./login-routes.ts";
import { factorRoutes } from "./factor-routes.ts";
import { meshRoutes } from "./mesh-routes.ts";
import { quokkaRoutes } from "./quokka-routes.ts";
import { pendingRoutes } from "./pending-routes.ts";
import { meRoutes } from "./me-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { tokenRoutes } from "./token-routes.ts";
import { rpcRoutes } from "./rpc-routes.ts";
import { type ServerRouteSources, serverRoutes } from "./server-routes.ts";
import { traceRoutes } from "./trace-routes.ts";
import { tunnelRoutes } from "./tunnel-routes.ts";
import { unitsRoutes } from "./units-routes.ts";
import { usersRoutes } from "./users-routes.ts";
import { workerConfigRoutes } from "./worker-config-routes.ts";
import { connectionTestRoutes } from "./connection-test-routes.ts";
import { workersRoutes } from "./workers-routes.ts";

/** Every route of the API. */
export function allRoutes(services: RouteServices, sources: Omit<ServerRouteSources, "routes">): readonly Route[] {
  const routes: Route[] = [
    ...serverRoutes(services, { ...sources, routes: () => routes }),
    ...loginRoutes(services),
    ...meRoutes(services),
    ...factorRoutes(services),
    ...sessionRoutes(services),
    ...tokenRoutes(services),
    ...usersRoutes(services),
    ...traceRoutes(services),
    ...enrolRoutes(services),
    ...pendingRoutes(services),
    ...entitlementRoutes(services),
    ...workersRoutes(services),
    ...hintsRoutes(services),
    ...liveRoutes(services),
    ...rpcRoutes(services),
    ...unitsRoutes(services),
    ...allUnitsRoutes(services),
    ...meshRoutes(services),
    ...quokkaRoutes(services),
    ...tunnelRoutes(services),
    ...httpRoutes(services),
    ...configsRoutes(services),
    ...configTextRoutes(services),
    ...rolloutRoutes(services),
    ...workerConfigRoutes(services),
    ...connectionTestRoutes(services),
    ...auditRoutes(services),
    ...recordingsRoutes(services),
  ];
  return routes;
}
