import { ServerError } from "../../errors.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { ProgressToken, UnitParams } from "./units-schema.ts";

/** What opens the channel of a unit on the monitor, for whoever may see the unit. */
export function progressTokenRoute({ unitChannels }: RouteServices): Route {
  return route({
    method: "POST",
    path: "/api/workers/:worker/units/:unit/progress-token",
    summary: "A token for the unit's channel on the monitor that runs with the server; it is for ten minutes",
    needs: { kind: "worker", level: "monitor" },
    schema: { params: UnitParams, answer: ProgressToken },
    handle: ({ worker, params }) => {
      const grant = unitChannels?.grant({ workerId: worker.id, unit: params.unit });
      if (grant) return Promise.resolve(grant);
      throw new ServerError("MONITOR_ABSENT", "no monitor runs with this server: farhand server --monitor FILE");
    },
  });
}
