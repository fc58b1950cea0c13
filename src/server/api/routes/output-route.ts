import { FleetError } from "#fleet";
import { ServerError } from "../../errors.ts";
import { type Answer, bytes } from "../answer.ts";
import { guarded } from "../guarded-stream.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { openOnWorker } from "../worker-call.ts";
import { OutputHead, OutputQuery, UnitParams } from "./units-schema.ts";

/** A unit's output from a byte on; with `follow` until the unit ends. */
export function outputRoute(services: RouteServices): Route {
  return route({
    method: "GET",
    path: "/api/workers/:worker/units/:unit/output",
    summary: "A unit's output from a byte on, followed until the unit ends when that is wanted",
    needs: { kind: "worker", level: "monitor" },
    schema: { params: UnitParams, query: OutputQuery },
    handle: async (call): Promise<Answer> => {
      const { from: asked, follow = false } = call.query;
      const range = rangeStart(call.header("range"));
      if (range !== undefined && (asked !== undefined || follow))
        throw new ServerError("REQUEST_INVALID", "a Range goes neither with `from` nor with `follow`");
      const from = range ?? asked ?? 0;
      const wish = { unit: call.params.unit, from, follow };
      const { result, stream } = await openOnWorker(services, call, "units.results", wish);
      const head = OutputHead.safeParse(result);
      if (!head.success) {
        stream.destroy();
        throw new FleetError("REPLY_INVALID", "the worker's answer to units.results is none");
      }
      const { size } = head.data;
      if (range !== undefined && range >= size) {
        stream.destroy();
        throw new ServerError("RANGE_UNSATISFIABLE", `the output has ${size} bytes`);
      }
      const { limits } = services;
      const guard = { limits, signal: call.signal, used: () => call.used() };
      // What is not followed ends where it said.
      const body = guarded(stream, follow ? guard : { ...guard, maxBytes: Math.max(0, size - from) });
      const part = range === undefined ? {} : { "content-range": `bytes ${range}-${size - 1}/${size}` };
      return bytes(body, range === undefined ? 200 : 206, { "accept-ranges": "bytes", ...part });
    },
  });
}

/** `bytes=N-`: the only kind of range that is understood; others are as good as none (RFC 9110 §14.2). */
function rangeStart(range: string | undefined): number | undefined {
  const digits = /^bytes=(\d{1,15})-$/.exec(range ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}
