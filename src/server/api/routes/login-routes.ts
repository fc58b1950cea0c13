import type { JsonObject } from "#core";
import { ServerError } from "../../errors.ts";
import { factorRefused } from "../../auth/factors.ts";
import type { LoginTry } from "../../auth/login.ts";
import type { OpenedSession } from "../../auth/sessions.ts";
import { Answer, done } from "../answer.ts";
import type { Call } from "../call.ts";
import { LoginTickets } from "../login-tickets.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { Sparing } from "../sparing.ts";
import { sessionCookieText } from "../session-cookie.ts";
import { CodeBody, FactorBody, LoginAnswer, LoginBody, SessionToken } from "./login-schema.ts";

/** Of a login that was looked at: how often that happens is bounded (CAT-27). */
const refusedStatus = 401;

/** Getting in, showing the second factor again, and leaving. */
export function loginRoutes(services: RouteServices): Route[] {
  const { access, audit, clock, log } = services;
  const tickets = new LoginTickets(clock);
  const sentAway = new Sparing(60_000, 1_000);
  const enter = async (call: Call, given: LoginTry, browser: boolean | undefined): Promise<Answer> => {
    const { user, mustEnrol, recovered, ...opened } = await loggedIn(services, call, given, sentAway);
    const { source, client } = call.origin;
    await audit.record(user.id, recovered ? "login.recovery" : "login", user.name, {
      source,
      client: client.slice(0, 200),
    });
    if (recovered) log.warn(`${user.name} logged in with a password of admin-recover`, { source, user: user.id });
    return sessionAnswer(services, opened, browser === true, { user, ...(mustEnrol && { mustEnrol }) });
  };
  return [
    route({
      method: "POST",
      path: "/api/login",
      summary: "Log in; the answer may be a ticket that wants a code of the second factor",
      needs: { kind: "nothing" },
      schema: { body: LoginBody, answer: LoginAnswer },
      handle: async (call) => {
        const { user: name, password, code, browser } = call.body;
        try {
          return await enter(call, { name, password, ...(code !== undefined && { code }) }, browser);
        } catch (error) {
          if (!(error instanceof ServerError && error.code === "FACTOR_NEEDED")) throw error;
          return { ticket: tickets.give({ name, password }), factor: "totp" as const };
        }
      },
    }),
    route({
      method: "POST",
      path: "/api/login/factor",
      summary: "The second step of a login: a code of the device, or a recovery code",
      needs: { kind: "nothing" },
      schema: { body: FactorBody, answer: SessionToken },
      handle: async (call) => {
        const { ticket, code, browser } = call.body;
        const first = tickets.open(ticket);
        try {
          return await enter(call, { ...first, code }, browser);
        } catch (error) {
          // The password was right: that it is the code is no news to whoever holds the ticket.
          if (error instanceof ServerError && error.code === "LOGIN_REFUSED") throw factorRefused();
          throw error;
        }
      },
    }),
    route({
      method: "POST",
      path: "/api/login/step-up",
      summary: "Show the second factor again; the session gets a new token",
      needs: { kind: "session", enrolling: true },
      schema: { body: CodeBody, answer: SessionToken },
      handle: async (call) => {
        const { user, session } = call.session;
        const raised = await access.login.stepUp(user.id, session.id, call.body.code);
        await audit.record(user.id, "login.step-up", user.name);
        return sessionAnswer(services, raised, call.viaCookie);
      },
    }),
    route({
      method: "POST",
      path: "/api/logout",
      summary: "End this session",
      needs: { kind: "session", enrolling: true },
      schema: {},
      handle: async (call) => {
        const { user, session } = call.session;
        await access.sessions.end(user.id, session.id, "logout");
        await audit.record(user.id, "logout", user.name);
        return new Answer(done().status, undefined, { "set-cookie": sessionCookieText("", 0, services.secure) });
      },
    }),
  ];
}

async function loggedIn({ access, audit, log }: RouteServices, call: Call, given: LoginTry, sentAway: Sparing) {
  try {
    return await access.login.login(given, call.origin, call.signal);
  } catch (error) {
    if (!(error instanceof ServerError) || error.code === "FACTOR_NEEDED") throw error;
    const detail: JsonObject = { code: error.code, source: call.origin.source };
    // Of those whose guess is not even looked at, one a minute from each address: they are as many as somebody sends.
    if (error.status !== refusedStatus && !sentAway.isDue(`${error.code} ${call.origin.source}`)) throw error;
    // The name is not recorded: people type their password where it belongs.
    audit
      .record("server", "login.refused", "login", detail)
      .catch(() => log.warn("a refused login was not audited", detail));
    throw error;
  }
}

/** A session's token, for a program in the answer and for a browser in a cookie. */
export function sessionAnswer(
  { secure }: Pick<RouteServices, "secure">,
  { token, session }: OpenedSession,
  viaCookie: boolean,
  more: object = {},
): Answer {
  const { expiresAt, createdAt } = session;
  if (!viaCookie) return new Answer(200, { token, expiresAt, ...more });
  const seconds = Math.floor((expiresAt - createdAt) / 1_000);
  return new Answer(200, { expiresAt, ...more }, { "set-cookie": sessionCookieText(token, seconds, secure) });
}
