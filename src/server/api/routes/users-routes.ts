import type { Caller } from "../../auth/callers.ts";
import { created } from "../answer.ts";
import { pageOfAll } from "../cursor.ts";
import { type Route, route } from "../route.ts";
import { said } from "../said.ts";
import type { RouteServices } from "../services.ts";
import { User } from "./login-schema.ts";
import { sessionKey, shownSession } from "./session-routes.ts";
import { Ended, Sessions } from "./me-schema.ts";
import { NewPassword, UserChange, UserParams, UserPartParams, Users, UsersQuery, UserWish } from "./users-schema.ts";

const admin = { kind: "area", area: "users", level: "admin" } as const;

/** All users, for who manages them. */
export function usersRoutes(services: RouteServices): Route[] {
  return [...listRoutes(services), ...changeRoutes(services), ...resetRoutes(services)];
}

function listRoutes({ access, audit }: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/users",
      summary: "All users",
      needs: admin,
      schema: { query: UsersQuery, answer: Users },
      handle: async ({ query }) => pageOfAll(await access.accounts.list(), query, ({ name }) => name),
    }),
    route({
      method: "POST",
      path: "/api/users",
      summary: "Make a user",
      needs: admin,
      sensitive: true,
      keyed: "answer",
      schema: { body: UserWish, answer: User },
      handle: async (call) => {
        const user = await access.accounts.create(call.body, call.signal);
        const { name, role, labels } = user;
        await audit.record(call.actor, "user.make", user.id, { name, role, labels });
        return created(user);
      },
    }),
    route({
      method: "GET",
      path: "/api/users/:id",
      summary: "One user",
      needs: admin,
      schema: { params: UserParams, answer: User },
      handle: async ({ params }) => await access.accounts.get(params.id),
    }),
  ];
}

function changeRoutes({ access, audit }: RouteServices): Route[] {
  const { accounts } = access;
  return [
    route({
      method: "PATCH",
      path: "/api/users/:id",
      summary: "Change a user's role and labels, disable or enable them; what they have open is cut",
      needs: admin,
      sensitive: true,
      schema: { params: UserParams, body: UserChange, answer: User },
      handle: async (call) => {
        const { id } = call.params;
        await audit.record(call.actor, "user.change", id, said(call.body));
        await accounts.change(id, call.body);
        return await accounts.get(id);
      },
    }),
    route({
      method: "DELETE",
      path: "/api/users/:id",
      summary: "Remove a user with their tokens; what they have open is cut",
      needs: admin,
      sensitive: true,
      schema: { params: UserParams },
      handle: async (call) => {
        const { id, name } = await accounts.get(call.params.id);
        await audit.record(call.actor, "user.remove", id, { name });
        await accounts.remove(id);
        return undefined;
      },
    }),
  ];
}

/** Admins who mend their own account stay where they are: after a recovery there may be no other way back in. */
function ownSession({ caller, params }: { readonly caller: Caller; readonly params: { readonly id: string } }) {
  return caller.kind === "session" && caller.user.id === params.id ? caller.session.id : undefined;
}

function resetRoutes({ access, audit }: RouteServices): Route[] {
  return [
    route({
      method: "POST",
      path: "/api/users/:id/password",
      summary: "Give a user another password; their sessions end",
      needs: admin,
      sensitive: true,
      schema: { params: UserParams, body: NewPassword },
      handle: async (call) => {
        await audit.record(call.actor, "user.password", call.params.id);
        await access.accounts.setPassword(call.params.id, call.body.password, ownSession(call), call.signal);
        return undefined;
      },
    }),
    route({
      method: "DELETE",
      path: "/api/users/:id/factor",
      summary: "Forget a user's second factor; their sessions end",
      needs: admin,
      sensitive: true,
      schema: { params: UserParams },
      handle: async (call) => {
        await audit.record(call.actor, "user.factor", call.params.id, { set: false });
        await access.factors.reset(call.params.id, ownSession(call));
        return undefined;
      },
    }),
    route({
      method: "GET",
      path: "/api/users/:id/sessions",
      summary: "A user's sessions",
      needs: admin,
      schema: { params: UserParams, query: UsersQuery, answer: Sessions },
      handle: async ({ params, query, caller }) => {
        const own = caller.kind === "session" ? caller.session.id : "";
        const all = await access.sessions.list((await access.accounts.get(params.id)).id);
        return pageOfAll(
          all.map((one) => shownSession(one, own)),
          query,
          sessionKey,
        );
      },
    }),
    route({
      method: "DELETE",
      path: "/api/users/:id/sessions/:part",
      summary: "End one of a user's sessions",
      needs: admin,
      schema: { params: UserPartParams },
      handle: async (call) => {
        const { id, part } = call.params;
        await access.sessions.end((await access.accounts.get(id)).id, part);
        await audit.record(call.actor, "session.end", part, { user: id });
        return undefined;
      },
    }),
    route({
      method: "DELETE",
      path: "/api/users/:id/sessions",
      summary: "End all of a user's sessions",
      needs: admin,
      schema: { params: UserParams, answer: Ended },
      handle: async (call) => {
        const { id } = await access.accounts.get(call.params.id);
        await audit.record(call.actor, "session.end", id, { all: true });
        return { ended: await access.sessions.endAll(id, "ended") };
      },
    }),
  ];
}
