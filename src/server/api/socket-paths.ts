import type { Route } from "./route.ts";

/**
 * The document with its WebSockets, which the maker of the document leaves out: OpenAPI has no form of its own for them, so
 * each is a GET that answers 101, marked `x-websocket`.
 */
export function withSockets(document: object, routes: readonly Route[]): object {
  const { paths: printed = {} } = document as { paths?: Paths };
  const paths = withRest(printed);
  const sockets = routes
    .filter(({ live }) => live)
    .map((route): [string, object] => {
      const template = templateOf(route);
      const known: { readonly get?: object } | undefined = paths[template];
      return [template, { ...known, get: route.handle ? alsoSocket(known?.get) : operationOf(route) }];
    });
  return { ...document, paths: { ...paths, ...(Object.fromEntries(sockets) as object) } };
}

/** One that answers plainly as well. */
function alsoSocket(operation: object | undefined): object {
  const { responses } = { responses: {}, ...operation };
  return { ...operation, "x-websocket": true, responses: { ...responses, ...isSocket } };
}

const isSocket = { "101": { description: "It is a WebSocket from here on" } };

type Operation = { readonly parameters?: readonly { readonly name: string }[]; readonly responses?: object };
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** OpenAPI has no form for "the rest of a path" either: it is a parameter, `path`, and what a page answers is its own matter. */
function withRest(paths: Paths): Paths {
  const rest = Object.entries(paths).map(([template, operations]): [string, Paths[string]] => {
    if (!template.endsWith("/{*}")) return [template, operations];
    const named = Object.entries(operations).map(([method, operation]) => [method, restOf(operation)] as const);
    return [template.replace(/\{\*\}$/, "{path}"), Object.fromEntries(named)];
  });
  return Object.fromEntries(rest);
}

function restOf(operation: Operation): Operation {
  const { parameters = [], responses } = operation;
  const named = parameters.map((parameter) => (parameter.name === "*" ? { ...parameter, name: "path" } : parameter));
  return {
    ...operation,
    parameters: named,
    responses: { "2XX": { description: "What the page answers" }, ...responses },
  };
}

function templateOf({ path }: Route): string {
  return path.replaceAll(/:(\w+)/g, "{$1}").replace(/\*$/, "{path}");
}

function operationOf(route: Route): object {
  const { path, summary, needs, sensitive } = route;
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  const level = "level" in needs ? `Level: ${needs.level}. ` : "";
  return {
    summary,
    tags: [path.split("/")[2] ?? "server"],
    description: `A WebSocket. ${level}${sensitive ? "Needs a second factor of the last 10 minutes." : ""}`.trim(),
    "x-websocket": true,
    security: [{ bearer: [] }, { cookie: [] }],
    parameters: names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    responses: isSocket,
  };
}
