import { beforeAll, describe, expect, test } from "vitest";
import { includesLevel, type Level } from "#fleet";
import { apiKit, type TestApi } from "../../../test/kit/api.ts";
import { levelOf, roles } from "../auth/roles.ts";
import { changes, type Route } from "./route.ts";

const kit = apiKit();

/** Whoever a route turns away for who they are gets one of these; everybody else comes further. */
const turnedAway = new Set(["CREDENTIAL_MISSING", "SESSION_NEEDED", "LEVEL_TOO_LOW", "WORKER_NOT_FOUND"]);

function pathOf({ path }: Route, worker: string): string {
  const values: Readonly<Record<string, string>> = {
    worker,
    unit: "AbCd1234",
    name: "main",
    service: "web",
    version: "1",
  };
  return path.replaceAll(/:(\w+)/g, (_, name: string) => values[name] ?? "no-such-id");
}

function neededLevel({ needs }: Route): Level {
  return "level" in needs ? needs.level : "none";
}

/** The code with which a request is refused; undefined: it was let in, whatever came of it. */
async function refusal(api: TestApi, route: Route, worker: string, auth: Readonly<Record<string, string>>) {
  const path = pathOf(route, worker);
  if (route.live) {
    try {
      await api.socket(path, auth);
      return undefined;
    } catch (error) {
      const { status } = error as { status?: number };
      return { 401: "CREDENTIAL_MISSING", 404: "WORKER_NOT_FOUND", 403: "LEVEL_TOO_LOW" }[status ?? 0];
    }
  }
  const answer = await api.ask(route.method, path, { auth, ...(changes(route) && { body: {} }) });
  if (route.method === "HEAD")
    return { 401: "CREDENTIAL_MISSING", 404: "WORKER_NOT_FOUND", 403: "LEVEL_TOO_LOW" }[answer.status];
  return turnedAway.has(answer.json.code) ? answer.json.code : undefined;
}

describe("every route", () => {
  // A user of its own for each: passwords take their time.
  test("lets in who has its level, and nobody else: as a table says that is made from the routes", {
    timeout: 240_000,
  }, async () => {
    await using api = await kit.open({ limits: { callsPerSession: 1_000 } });
    const worker = await api.worker("w1", { site: "a" });
    const wrong: string[] = [];
    for (const role of roles) {
      for (const [n, route] of api.api.routes.entries()) {
        // Some end their session.
        const { auth } = await api.user(`${role}${n}`, role);
        const refused = await refusal(
          api,
          route,
          route.method === "DELETE" ? await api.worker(`${role}${n}`) : worker,
          auth,
        );
        const allowed = includesLevel(levelOf(role), neededLevel(route));
        const isMetrics = route.path === "/metrics";
        if (!isMetrics && (refused === undefined) !== allowed)
          wrong.push(`${role}: ${route.method} ${route.path}: ${refused}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("without a credential, or with one that is none, is only what is open to everybody", async () => {
    await using api = await kit.open();
    const worker = await api.worker("w1");
    const wrong: string[] = [];
    for (const auth of [{}, { authorization: `Bearer fhs_${"a".repeat(43)}` }]) {
      for (const route of api.api.routes.filter(({ path }) => path !== "/metrics")) {
        const path = pathOf(route, worker);
        const status = route.live
          ? await api.socket(path, auth as Record<string, string>).then(
              () => 101,
              (error: { status?: number }) => error.status,
            )
          : (await api.ask(route.method, path, { auth, ...(changes(route) && { body: {} }) })).status;
        const isOpen = route.needs.kind === "nothing";
        if ((status === 401) === isOpen && route.path !== "/api/login/factor")
          wrong.push(`${route.method} ${route.path}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("on a worker that the caller must not see is as if there were none", async () => {
    await using api = await kit.open();
    const worker = await api.worker("w1", { site: "a" });
    const { auth } = await api.user("elsewhere", "admin", { site: "b" });
    for (const route of api.api.routes.filter(({ needs }) => needs.kind === "worker"))
      expect(await refusal(api, route, worker, auth), route.path).toBe(
        route.connection ? undefined : "WORKER_NOT_FOUND",
      );
  });
});

describe("the list of routes", () => {
  let routes: readonly Route[];
  beforeAll(async () => {
    await using api = await kit.open();
    ({ routes } = api.api);
  });

  test("has each once, and each does something", () => {
    const names = routes.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { handle, live, passesOn } of routes)
      expect([handle, live].filter(Boolean)).toHaveLength(passesOn && live ? 2 : 1);
  });

  test("asks for the second factor again before what CAT-68 names", () => {
    const sensitive = routes.filter((route) => route.sensitive).map(({ method, path }) => `${method} ${path}`);
    expect(sensitive).toEqual(
      expect.arrayContaining([
        "PUT /api/worker-configs/:name",
        "POST /api/users/:id/password",
        "DELETE /api/workers/:worker",
        "POST /api/me/tokens",
      ]),
    );
  });

  test("lets only readers through without a level", () => {
    const free = routes.filter(({ needs, method }) => needs.kind === "caller" && method !== "GET");
    expect(free).toEqual([]);
  });
});
