import { ServerError } from "../errors.ts";
import { changes, type Route } from "./route.ts";

/** What a browser says of the page that sends a request. */
export interface PageClaims {
  readonly origin: string | undefined;
  /** The header that no form of another site can send. */
  readonly marked: boolean;
  /** The credential is a cookie, which browsers send by themselves. */
  readonly viaCookie: boolean;
  /** It opens a WebSocket. */
  readonly isLive: boolean;
}

/** Origins of our own pages: scheme, name and port. */
export interface OwnOrigins {
  /** The address this request was sent to. */
  readonly here: string;
  readonly publicOrigin: string | undefined;
}

/**
 * Requests of other sites' pages change nothing and open no WebSocket (CAT-19, CAT-53).
 *
 * @throws {ServerError} ORIGIN_REFUSED.
 */
export function requireOwnPage(route: Route, claims: PageClaims, own: OwnOrigins): void {
  const { origin, marked, viaCookie, isLive } = claims;
  if (!changes(route) && !isLive) return;
  const isOwn = origin !== undefined && (origin === own.here || origin === own.publicOrigin);
  if (origin !== undefined && !isOwn)
    throw new ServerError("ORIGIN_REFUSED", "a page of another origin must not do this");
  if (!viaCookie) return;
  if (!isOwn) throw new ServerError("ORIGIN_REFUSED", "with a cookie the request must name its origin");
  // A WebSocket of a browser cannot have the header; its origin cannot be forged.
  if (!isLive && !marked) throw new ServerError("ORIGIN_REFUSED", "with a cookie the header X-Farhand: 1 is needed");
}
