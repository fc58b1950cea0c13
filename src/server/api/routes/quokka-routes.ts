import { ServerError } from "../../errors.ts";
import { created } from "../answer.ts";
import { requireMayConfigure } from "../may-configure.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { QuokkaWorkerMade, QuokkaWorkerWish } from "./quokka-schema.ts";

/** Workers of Quokka are entered here; from then on they are workers as others are. */
export function quokkaRoutes(services: RouteServices): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/quokka/workers",
      summary: "Enter a worker that runs the program of Quokka",
      needs: { kind: "area", area: "workers", level: "admin" },
      schema: { body: QuokkaWorkerWish, answer: QuokkaWorkerMade },
      handle: async (call) => {
        const { quokka } = services;
        if (!quokka) throw new ServerError("QUOKKA_UNABLE", "this server knows no workers of Quokka");
        await requireMayConfigure(services, call.caller, call.body.labels);
        const { id, name = "" } = await quokka.workers.add(call.body, call.actor);
        return created({ id, name });
      },
    }),
  ];
}
