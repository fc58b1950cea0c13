import { changes, type Route } from "./route.ts";

/** The page's own style, which the policy of its answer names by its hash. */
export const documentStyle =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}" +
  "td,th{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0}code{white-space:nowrap}";

/** The routes as a page: no script, nothing from elsewhere. */
export function documentPage(routes: readonly Route[], version: string): string {
  const rows = routes.map(
    (route) =>
      `<tr><td><code>${route.live ? "WS" : route.method} ${escaped(route.path)}</code></td>` +
      `<td>${escaped(needsText(route))}</td><td>${escaped(route.summary)}</td></tr>`,
  );
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Farhand API</title>` +
    `<style>${documentStyle}</style></head><body><h1>Farhand API ${escaped(version)}</h1>` +
    `<p>The whole of it, with all fields: <a href="openapi.json">openapi.json</a>.</p>` +
    `<table><thead><tr><th>Route</th><th>Needs</th><th>What it does</th></tr></thead>` +
    `<tbody>${rows.join("\n")}</tbody></table></body></html>\n`
  );
}

/** What a route asks for, in words. */
export function needsText(route: Route): string {
  const { needs } = route;
  const words = {
    nothing: () => "nothing",
    session: () => "a session",
    caller: () => "a session or API token",
    area: () => (needs.kind === "area" ? `${needs.level} (${needs.area})` : ""),
    config: () => (needs.kind === "config" ? `${needs.level} on the configuration and its workers` : ""),
    worker: () => (needs.kind === "worker" ? `${needs.level} on the worker` : ""),
  }[needs.kind]();
  const more = [
    ...(route.connection ? ["a connection handle"] : []),
    ...(route.sensitive ? ["a recent second factor"] : []),
    ...(changes(route) && needs.kind !== "nothing" ? ["our own page, in a browser"] : []),
  ];
  return [words, ...more].join(", ");
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replaceAll(/[&<>"]/g, (char) => entities[char] ?? char);
}
