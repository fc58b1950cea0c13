import type { Session } from "../../store/sessions.ts";
import { pageOfAll } from "../cursor.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { Ended, IdParams, PageQuery, Sessions } from "./me-schema.ts";

const session = { kind: "session" } as const;

/** A user's own sessions (CAT-65). */
export function sessionRoutes({ access, audit }: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/me/sessions",
      summary: "My sessions",
      needs: session,
      schema: { query: PageQuery, answer: Sessions },
      handle: async (call) => {
        const all = await access.sessions.list(call.actor);
        return pageOfAll(
          all.map((one) => shownSession(one, call.session.session.id)),
          call.query,
          sessionKey,
        );
      },
    }),
    route({
      method: "DELETE",
      path: "/api/me/sessions/:id",
      summary: "End one of my sessions",
      needs: session,
      schema: { params: IdParams },
      handle: async (call) => {
        await access.sessions.end(call.actor, call.params.id);
        await audit.record(call.actor, "session.end", call.params.id);
        return undefined;
      },
    }),
    route({
      method: "DELETE",
      path: "/api/me/sessions",
      summary: "End all my other sessions",
      needs: session,
      schema: { answer: Ended },
      handle: async (call) => {
        const ended = await access.sessions.endAll(call.actor, "ended", call.session.session.id);
        await audit.record(call.actor, "session.end", "others", { ended });
        return { ended };
      },
    }),
  ];
}

/** A session in a list. */
export function shownSession(one: Session, current: string) {
  return { ...one, current: one.id === current };
}

/** The one begun first comes first. */
export const sessionKey = ({ createdAt, id }: Pick<Session, "createdAt" | "id">): string =>
  `${String(createdAt).padStart(16, "0")} ${id}`;
