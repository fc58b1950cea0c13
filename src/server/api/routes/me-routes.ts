import { areas } from "../../auth/roles.ts";
import { callerLevel } from "../../auth/callers.ts";
import type { Session } from "../../store/sessions.ts";
import { created } from "../answer.ts";
import { pageOfAll } from "../cursor.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { CodeBody } from "./login-schema.ts";
import { sessionAnswer } from "./login-routes.ts";
import {
  ApiTokens,
  Confirmed,
  Ended,
  IdParams,
  Me,
  NewToken,
  PageQuery,
  PasswordChange,
  RecoveryCodes,
  Sessions,
  TokenWish,
  TotpSecret,
} from "./me-schema.ts";

const session = { kind: "session" } as const;
const enrolling = { kind: "session", enrolling: true } as const;

/** What users see and change of themselves. */
export function meRoutes(services: RouteServices): Route[] {
  return [...aboutMe(services), ...factorRoutes(services), ...sessionRoutes(services), ...tokenRoutes(services)];
}

function aboutMe({ access, audit }: RouteServices): Route[] {
  return [
    route({
      method: "GET",
      path: "/api/me",
      summary: "Who I am, and what I may do",
      needs: { kind: "caller" },
      schema: { answer: Me },
      handle: async ({ caller }) => {
        const { user } = caller;
        const shownAt = caller.kind === "session" ? caller.session.factorAt : null;
        const recoveryCodesLeft = await access.factors.recoveryCodesLeft(user.id);
        const levels = Object.fromEntries(areas.map((area) => [area, callerLevel(caller, area, user.labels ?? {})]));
        const factor = { set: user.factor, shownAt, recoveryCodesLeft };
        return { user, roles: [user.role], kind: caller.kind, factor, levels };
      },
    }),
    route({
      method: "POST",
      path: "/api/me/password",
      summary: "Change my password; my other sessions end",
      needs: session,
      sensitive: true,
      schema: { body: PasswordChange },
      handle: async (call) => {
        const { user, session: own } = call.session;
        const { current, password } = call.body;
        await access.login.confirm(user, current, call.visit.address, call.signal);
        await access.accounts.setPassword(user.id, password, own.id, call.signal);
        await audit.record(user.id, "user.password", user.id, { own: true });
        return undefined;
      },
    }),
  ];
}

function factorRoutes(services: RouteServices): Route[] {
  const { access, audit } = services;
  return [
    route({
      method: "POST",
      path: "/api/me/totp",
      summary: "Begin to set up a second factor: a secret for the device, shown this once",
      needs: enrolling,
      schema: { answer: TotpSecret },
      handle: async (call) => await access.factors.begin(call.actor),
    }),
    route({
      method: "POST",
      path: "/api/me/totp/confirm",
      summary: "Show that the device has the secret; the session gets a new token",
      needs: enrolling,
      schema: { body: CodeBody, answer: Confirmed },
      handle: async (call) => {
        const { user, session: own } = call.session;
        const recoveryCodes = await access.factors.confirm(user.id, call.body.code);
        await audit.record(user.id, "user.factor", user.id, { set: true });
        const raised = await access.sessions.raise(own.id);
        return sessionAnswer(services, raised, call.viaCookie, { recoveryCodes });
      },
    }),
    route({
      method: "DELETE",
      path: "/api/me/totp",
      summary: "Forget my second factor, with a code of it; all my sessions end",
      needs: session,
      schema: { body: CodeBody },
      handle: async (call) => {
        const { user, session: own } = call.session;
        await access.login.stepUp(user.id, own.id, call.body.code);
        await audit.record(user.id, "user.factor", user.id, { set: false });
        await access.factors.reset(user.id);
        return undefined;
      },
    }),
    route({
      method: "POST",
      path: "/api/me/recovery-codes",
      summary: "Ten new recovery codes; the earlier ones are worth nothing from now on",
      needs: session,
      sensitive: true,
      schema: { answer: RecoveryCodes },
      handle: async (call) => {
        await audit.record(call.actor, "user.recovery-codes", call.actor);
        return { recoveryCodes: await access.factors.renewRecoveryCodes(call.actor) };
      },
    }),
  ];
}

function sessionRoutes({ access, audit }: RouteServices): Route[] {
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

function tokenRoutes({ access, audit }: RouteServices): Route[] {
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

/** A session in a list. */
export function shownSession(one: Session, current: string) {
  return { ...one, current: one.id === current };
}

/** The one begun first comes first. */
export const sessionKey = ({ createdAt, id }: Pick<Session, "createdAt" | "id">): string =>
  `${String(createdAt).padStart(16, "0")} ${id}`;
