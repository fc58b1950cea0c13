import type { IncomingMessage } from "node:http";

/** A refusal as HTTP says it. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/**
 * Why an upgrade request is turned away, or undefined (spec §3.2): the path must be the configured one, or below it when
 * that ends in a slash; an Origin, where a browser sends one, must be of this host.
 */
export function refuseUpgrade(
  { url = "", headers }: Pick<IncomingMessage, "url" | "headers">,
  path: string,
): Refusal | undefined {
  const asked = url.split("?", 1)[0] ?? "";
  const isOurs = path.endsWith("/") ? asked.startsWith(path) : asked === path;
  if (!isOurs) return { status: 404, text: "Not Found" };
  if (headers.origin !== undefined && !isSameHost(headers.origin, headers.host))
    return { status: 403, text: "Forbidden" };
  return undefined;
}

function isSameHost(origin: string, host: string | undefined): boolean {
  const named = /^[a-z][a-z0-9+.-]*:\/\/(?<host>[^/?#]*)/i.exec(origin)?.groups?.["host"];
  return named !== undefined && named.toLowerCase() === host?.toLowerCase();
}
