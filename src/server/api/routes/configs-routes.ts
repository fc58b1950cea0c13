import type { JsonObject } from "#core";
import { diff } from "#fleet";
import { callerConfigLevel } from "../../auth/callers.ts";
import { configOverviews } from "../../config/config-overview.ts";
import { userLabelsByConfig } from "../../config/config-users.ts";
import { ServerError } from "../../errors.ts";
import { userNames } from "../../store/users.ts";
import { Answer } from "../answer.ts";
import type { Call } from "../call.ts";
import { pageOfAll } from "../cursor.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import {
  Config,
  ConfigBody,
  ConfigListQuery,
  ConfigParams,
  Configs,
  ConfigsQuery,
  Diff,
  DiffQuery,
  RollbackBody,
  VersionParams,
  Versions,
} from "./configs-schema.ts";

const monitor = { kind: "config", level: "monitor" } as const;
const configure = { kind: "config", level: "configure" } as const;

/** Configurations that the server holds for workers; secrets are only ever written (CAT-72 to CAT-77). */
export function configsRoutes(services: RouteServices): Route[] {
  return [...readRoutes(services), ...versionRoutes(services), ...writeRoutes(services)];
}

/** Names of the users who wrote versions, each asked for once. */
async function withAuthors<T extends { readonly author: string }>(
  { store }: RouteServices,
  versions: readonly T[],
): Promise<(T & { readonly authorName?: string })[]> {
  const names = await userNames(store, [...new Set(versions.map(({ author }) => author))]);
  return versions.map((version) => {
    const authorName = names.get(version.author);
    return authorName === undefined ? version : { ...version, authorName };
  });
}

function readRoutes(services: RouteServices): Route[] {
  const { configurations, store } = services;
  return [
    route({
      method: "GET",
      path: "/api/worker-configs",
      summary: "The configurations that you may see, each in its newest version",
      needs: { kind: "caller" },
      schema: { query: ConfigListQuery, answer: Configs },
      handle: async ({ query, caller }) => {
        const users = await userLabelsByConfig(store);
        const seen = (await configurations.list()).filter(
          ({ name }) => callerConfigLevel(caller, name, users.get(name) ?? []) !== "none",
        );
        const page = pageOfAll(seen, query, ({ name }) => name);
        const items = await withAuthors(services, page.items);
        if (query.workers !== true) return { ...page, items };
        const overviews = await configOverviews(store, items);
        return { ...page, items: items.map((item) => ({ ...item, overview: overviews.get(item.name) })) };
      },
    }),
    route({
      method: "GET",
      path: "/api/worker-configs/:name",
      summary: "The version in force",
      needs: monitor,
      schema: { params: ConfigParams, answer: Config },
      handle: async ({ params }) => withTag(await configurations.get(params.name)),
    }),
  ];
}

function versionRoutes(services: RouteServices): Route[] {
  const { configurations } = services;
  return [
    route({
      method: "GET",
      path: "/api/worker-configs/:name/versions",
      summary: "The versions that are kept, and what each changed",
      needs: monitor,
      schema: { params: ConfigParams, query: ConfigsQuery, answer: Versions },
      handle: async ({ params, query }) => {
        const versions = await configurations.history(params.name);
        const all = versions.map(({ changes, ...version }) => ({ ...version, changes: changes && [...changes] }));
        // The newest first.
        const page = pageOfAll(all, query, ({ version }) => String(Number.MAX_SAFE_INTEGER - version));
        return { ...page, items: await withAuthors(services, page.items) };
      },
    }),
    route({
      method: "GET",
      path: "/api/worker-configs/:name/versions/:version",
      summary: "One version",
      needs: monitor,
      schema: { params: VersionParams, answer: Config },
      handle: async ({ params }) => await configurations.get(params.name, params.version),
    }),
    route({
      method: "GET",
      path: "/api/worker-configs/:name/diff",
      summary: "What differs between two versions",
      needs: monitor,
      schema: { params: ConfigParams, query: DiffQuery, answer: Diff },
      handle: async ({ params: { name }, query }) => {
        const from = await configurations.get(name, query.from);
        const to = await configurations.get(name, query.to);
        return { changes: [...diff(from.document, to.document)] };
      },
    }),
  ];
}

function writeRoutes({ configurations }: RouteServices): Route[] {
  return [
    route({
      method: "PUT",
      path: "/api/worker-configs/:name",
      summary:
        "Write a new version, for all or for some workers first; `If-Match`: the one it was made from, 0 for none",
      needs: configure,
      entitlement: "cloud.config",
      sensitive: true,
      schema: { params: ConfigParams, body: ConfigBody, answer: Config },
      handle: async (call) => {
        const { document, comment, canary } = call.body;
        const write = {
          document: document as JsonObject,
          ifMatch: ifMatch(call),
          ...(comment !== undefined && { comment }),
          ...(canary && { canary }),
        };
        return withTag(await configurations.put(call.params.name, write, call.actor));
      },
    }),
    route({
      method: "POST",
      path: "/api/worker-configs/:name/rollback",
      summary: "Put an old version in force again, as a new one",
      needs: configure,
      entitlement: "cloud.config",
      sensitive: true,
      keyed: "answer",
      schema: { params: ConfigParams, body: RollbackBody, answer: Config },
      handle: async (call) => {
        const { name } = call.params;
        const from = ifMatch(call) ?? (await configurations.get(name)).version;
        return withTag(await configurations.rollback(name, call.body.to, from, call.actor));
      },
    }),
  ];
}

/** `If-Match: 7` or `If-Match: "7"`. */
function ifMatch(call: Call): number | undefined {
  const header = call.header("if-match");
  if (header === undefined) return undefined;
  const digits = /^"?(\d{1,15})"?$/.exec(header)?.[1];
  if (digits === undefined) throw new ServerError("REQUEST_INVALID", "If-Match: it is the number of a version");
  return Number(digits);
}

function withTag(config: { readonly version: number }): Answer {
  return new Answer(200, config, { etag: `"${config.version}"` });
}
