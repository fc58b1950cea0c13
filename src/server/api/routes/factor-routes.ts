import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { sessionAnswer } from "./login-routes.ts";
import { CodeBody } from "./login-schema.ts";
import { Confirmed, Presence, RecoveryCodes, TotpSecret } from "./me-schema.ts";

const session = { kind: "session" } as const;
const enrolling = { kind: "session", enrolling: true } as const;

/** The second factor of a user: set up, given up, and what helps when the device is lost (CAT-66). */
export function factorRoutes(services: RouteServices): Route[] {
  const { access, audit } = services;
  return [
    route({
      method: "POST",
      path: "/api/me/totp",
      summary:
        "Begin to set up a second factor: a secret for the device, shown this once. Needs the password when the login is older than 10 minutes",
      needs: enrolling,
      schema: { body: Presence, answer: TotpSecret },
      handle: async (call) => {
        // Else whoever found a session could make the account theirs, and lock its owner out.
        await access.login.confirmPresent(call.session, call.body?.password, call.visit.address, call.signal);
        return await access.factors.begin(call.actor);
      },
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
