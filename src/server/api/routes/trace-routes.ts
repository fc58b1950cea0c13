import { ServerError } from "../../errors.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { Trace, TraceOn, TraceParams } from "./trace-schema.ts";

const admin = { kind: "area", area: "audit", level: "admin" } as const;

/** Why a session is refused something, step by step: switched on by an admin, off by itself (CAT-119). */
export function traceRoutes({ access, audit, traces }: RouteServices): Route[] {
  const path = "/api/users/:id/sessions/:session/trace";
  /** @throws {ServerError} SESSION_NOT_FOUND. */
  const requireSession = async ({ id, session }: { readonly id: string; readonly session: string }): Promise<void> => {
    if ((await access.sessions.list(id)).some((own) => own.id === session)) return;
    throw new ServerError("SESSION_NOT_FOUND", "the user has no such session");
  };
  return [
    route({
      method: "PUT",
      path,
      summary: "Trace what a session asks for, step by step, for ten minutes",
      needs: admin,
      sensitive: true,
      schema: { params: TraceParams, answer: TraceOn },
      handle: async ({ params, actor }) => {
        await requireSession(params);
        await audit.record(actor, "session.trace", params.session, { user: params.id });
        return { until: traces.on(params.session) };
      },
    }),
    route({
      method: "GET",
      path,
      summary: "What the trace of a session has seen",
      needs: admin,
      schema: { params: TraceParams, answer: Trace },
      handle: async ({ params: { session } }) => {
        const trace = traces.of(session);
        if (!trace) throw new ServerError("TRACE_OFF", "this session is not traced: switch that on first");
        return { until: trace.until, lines: [...trace.lines] };
      },
    }),
    route({
      method: "DELETE",
      path,
      summary: "Trace a session no more, and forget what was seen",
      needs: admin,
      schema: { params: TraceParams },
      handle: async ({ params: { session } }) => {
        traces.off(session);
        return undefined;
      },
    }),
  ];
}
