import { callerLevel } from "../../auth/callers.ts";
import { areas } from "../../auth/roles.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { Me, PasswordChange } from "./me-schema.ts";

/** What users see and change of themselves. */
export function meRoutes({ access, audit }: RouteServices): Route[] {
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
      needs: { kind: "session" },
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
