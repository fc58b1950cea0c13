import { createHash } from "node:crypto";
import { timeLimit } from "#core";
import { apiVersion, includesLevel } from "#fleet";
import { callerLevel } from "../../auth/callers.ts";
import { ServerError } from "../../errors.ts";
import { storeAnswers } from "../../store/answers.ts";
import { Answer, text } from "../answer.ts";
import { withSockets } from "../socket-paths.ts";
import { documentPage, documentStyle } from "../document-page.ts";
import type { Metrics } from "../metrics.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { Hello } from "./server-schema.ts";

const features = ["live", "connections", "units", "shell", "tcp", "idempotency", "configurations"];
/** A database that takes longer is as good as away. */
const readyWithinMs = 2_000;

export interface ServerRouteSources {
  readonly metrics: Metrics;
  readonly openApi: () => object;
  readonly routes: () => readonly Route[];
}

/** The server itself: who it is, how it is, what its API is. */
export function serverRoutes(services: RouteServices, { metrics, openApi, routes }: ServerRouteSources): Route[] {
  const { version, store, policy } = services;
  const open = { kind: "nothing" } as const;
  return [
    route({
      method: "GET",
      path: "/api",
      summary: "What this server is and can do",
      needs: open,
      schema: { answer: Hello },
      handle: async () => ({ name: "farhand" as const, serviceVersion: version, apiVersion, features }),
    }),
    route({
      method: "GET",
      path: "/healthz",
      summary: "Whether the process lives",
      needs: open,
      schema: {},
      handle: async () => text("ok\n"),
    }),
    route({
      method: "GET",
      path: "/readyz",
      summary: "Whether requests can be served",
      needs: open,
      schema: {},
      handle: async () => {
        await requireStore(store);
        // Requests are served; what exactly is wrong stands in the log, for nobody is asked who they are here.
        return text(
          policy?.fault === undefined ? "ok\n" : "ok\nthe policy file is bad: the last good one is in force\n",
        );
      },
    }),
    metricsRoute(services, metrics),
    route({
      method: "GET",
      path: "/api/openapi.json",
      summary: "This API as an OpenAPI document",
      needs: open,
      schema: {},
      handle: async () => text(JSON.stringify(withSockets(openApi(), routes())), "application/json; charset=utf-8"),
    }),
    route({
      method: "GET",
      path: "/api/docs",
      summary: "This API as a page",
      needs: open,
      schema: {},
      handle: async () => page(documentPage(routes(), version)),
    }),
  ];
}

/** For whoever may look at all workers; or, when that is switched on, for this machine. */
function metricsRoute({ access, openMetrics }: RouteServices, metrics: Metrics): Route {
  return route({
    method: "GET",
    path: "/metrics",
    summary: "Numbers for Prometheus",
    needs: { kind: "nothing" },
    schema: {},
    handle: async (call) => {
      if (!(openMetrics && call.visit.loopback)) {
        const token = /^Bearer (\S+)$/i.exec(call.header("authorization") ?? "")?.[1];
        if (token === undefined) throw new ServerError("CREDENTIAL_MISSING", "the metrics need an API token");
        const caller = await access.callers.identify(token);
        if (!includesLevel(callerLevel(caller, "workers"), "monitor"))
          throw new ServerError("SESSION_NEEDED", "the metrics need the level monitor on all workers");
      }
      return text(await metrics.text(), metrics.contentType);
    },
  });
}

async function requireStore(store: RouteServices["store"]): Promise<void> {
  const late = timeLimit(readyWithinMs);
  const tooLate = new Promise<never>((_resolve, reject) =>
    late.addEventListener("abort", () => reject(late.reason as Error), { once: true }),
  );
  try {
    await Promise.race([storeAnswers(store), tooLate]);
  } catch (error) {
    throw new ServerError("STORE_UNREACHABLE", "the database does not answer", { cause: error });
  }
}

function page(html: string): Answer {
  const hash = createHash("sha256").update(documentStyle).digest("base64");
  return new Answer(200, html, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`,
  });
}
