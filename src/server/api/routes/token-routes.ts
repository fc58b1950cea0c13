import { ServerError } from "../../errors.ts";
import { created } from "../answer.ts";
import { pageOfAll } from "../cursor.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { ApiTokens, IdParams, NewToken, PageQuery, TokenWish } from "./me-schema.ts";
import { UserParams, UserPartParams } from "./users-schema.ts";

const session = { kind: "session" } as const;
const admin = { kind: "area", area: "users", level: "admin" } as const;

/** Credentials that users make for their programs. */
export function tokenRoutes({ access, audit }: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/me/tokens",
      summary: "My API tokens, without what makes them one",
      needs: session,
      schema: { query: PageQuery, answer: ApiTokens },
      handle: async (call) => pageOfAll(await access.apiTokens.list(call.actor), call.query, ({ id }) => id),
    }),
    route({
      method: "POST",
      path: "/api/me/tokens",
      summary: "Make an API token, shown this once",
      needs: session,
      sensitive: true,
      keyed: "shown once",
      schema: { body: TokenWish, answer: NewToken },
      handle: async (call) => {
        const made = await access.apiTokens.make(call.actor, call.body);
        const { id, scopes, expiresAt } = made.apiToken;
        await audit.record(call.actor, "token.make", id, { scopes: [...scopes], expiresAt });
        return created(made);
      },
    }),
    route({
      method: "GET",
      path: "/api/users/:id/tokens",
      summary: "A user's API tokens, without what makes them one",
      needs: admin,
      schema: { params: UserParams, query: PageQuery, answer: ApiTokens },
      handle: async ({ params, query }) => {
        const user = await access.accounts.get(params.id);
        return pageOfAll(await access.apiTokens.list(user.id), query, ({ id }) => id);
      },
    }),
    route({
      method: "DELETE",
      path: "/api/users/:id/tokens/:part",
      summary: "Revoke an API token of a user; what is open under it is cut",
      needs: admin,
      schema: { params: UserPartParams },
      handle: async (call) => {
        const { id, part } = call.params;
        await access.apiTokens.revoke((await access.accounts.get(id)).id, part);
        await audit.record(call.actor, "token.revoke", part, { user: id });
        return undefined;
      },
    }),
    route({
      method: "POST",
      path: "/api/users/:id/tokens",
      summary: "Make an API token for a service account, which has no login to make its own; shown this once",
      needs: admin,
      sensitive: true,
      keyed: "shown once",
      schema: { params: UserParams, body: TokenWish, answer: NewToken },
      handle: async (call) => {
        const user = await access.accounts.get(call.params.id);
        // Nobody acts in the name of another person, an administrator neither.
        if (!user.service) throw new ServerError("USER_UNFIT", "only service accounts get a token from somebody else");
        const made = await access.apiTokens.make(user.id, call.body);
        const { id, scopes, expiresAt } = made.apiToken;
        await audit.record(call.actor, "token.make", id, { user: user.id, scopes: [...scopes], expiresAt });
        return created(made);
      },
    }),
    route({
      method: "DELETE",
      path: "/api/me/tokens/:id",
      summary: "Revoke an API token",
      needs: session,
      schema: { params: IdParams },
      handle: async (call) => {
        await access.apiTokens.revoke(call.actor, call.params.id);
        await audit.record(call.actor, "token.revoke", call.params.id);
        return undefined;
      },
    }),
  ];
}
