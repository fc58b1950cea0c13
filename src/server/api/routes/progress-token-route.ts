import { unitsStatus } from "#fleet";
import { ServerError } from "../../errors.ts";
import { knownUnits } from "../../store/units.ts";
import { referenceOf } from "../open-calls.ts";
import { askWorker } from "../worker-call.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { ProgressToken, UnitParams } from "./units-schema.ts";

/** What opens the channel of a unit on the monitor, for whoever may see the unit. */
export function progressTokenRoute(services: RouteServices): Route {
  return route({
    method: "POST",
    path: "/api/workers/:worker/units/:unit/progress-token",
    summary: "A token for the unit's channel on the monitor that runs with the server; it is for ten minutes",
    needs: { kind: "worker", level: "monitor" },
    schema: { params: UnitParams, answer: ProgressToken },
    handle: async (call) => {
      const { caller, worker } = call;
      const enter = (cut: (why: Error) => void) => services.enter({ caller, worker, level: "monitor", cut });
      const name = { workerId: worker.id, unit: call.params.unit };
      const grant = services.unitChannels?.grant(name, { id: referenceOf(caller), enter });
      if (!grant)
        throw new ServerError("MONITOR_ABSENT", "no monitor runs with this server: farhand server --monitor FILE");
      await requireUnit(services, call, call.params.unit);
      return grant;
    },
  });
}

/** A channel of what is not there would be silent for ever. What the index has not heard of yet, the worker knows. @throws UNIT_NOT_FOUND */
async function requireUnit(
  services: RouteServices,
  call: Parameters<typeof askWorker>[1],
  unit: string,
): Promise<void> {
  const known = await knownUnits(services.store.db, call.worker.id, [unit]);
  if (known.length === 0) await askWorker(services, call, unitsStatus.name, { unit });
}
