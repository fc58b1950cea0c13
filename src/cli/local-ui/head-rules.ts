import type { IncomingMessage } from "node:http";
import { CliError } from "../errors.ts";

/** Headers that decide something: twice is once too often. */
const single = ["host", "origin", "cookie", "content-type", "content-length", "x-farhand-page"];

/**
 * Whether a request may be looked at, before anybody asks who sent it (CAT-19): by our own name, and from our own page.
 *
 * @param port the one that is listened on. @throws {CliError} LOCAL_REFUSED.
 */
export function checkHead({ headers, rawHeaders, method }: HeadOf, port: number): void {
  const names = rawHeaders.filter((_text, at) => at % 2 === 0).map((name) => name.toLowerCase());
  const twice = single.find((name) => names.filter((each) => each === name).length > 1);
  if (twice !== undefined) throw refused(`the header ${twice} came twice`);
  const { host = "", origin } = headers;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`)
    throw refused(`"${host.slice(0, 100)}" is none of its names`);
  const isForeign = origin !== undefined && origin !== `http://${host}`;
  const site = headers["sec-fetch-site"];
  if (isForeign || (site !== undefined && site !== "same-origin" && site !== "none"))
    throw refused("a page of another origin may not ask it");
  // A browser sends the origin with everything that is no plain look.
  if (method !== "GET" && method !== "HEAD" && origin === undefined) throw refused("there is no origin");
}

type HeadOf = Pick<IncomingMessage, "headers" | "rawHeaders" | "method">;

function refused(why: string): CliError {
  return new CliError("LOCAL_REFUSED", `the request was refused (CAT-19): ${why}`, {
    remedy: "open the address that `farhand worker ui` printed, as it stands",
  });
}

/** Cookies know no port: each run of the pages has its own. */
export const cookieName = (port: number): string => `farhand_local_${port}`;

/** The cookie of that name. */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  const found = (header ?? "").split(/;\s*/).find((each) => each.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}
