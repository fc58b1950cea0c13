/** This file as it was built lies in `assets/`, below the place where a proxy may put us. */
const here = import.meta.url;

/** Path of the first page, with a slash at its end. */
export const homePath = new URL("..", here).pathname;

/** Path of a route of the API, such as `workers/w1`. Words that come from elsewhere go through {@link word}. */
export function apiPath(route: string): string {
  return `${homePath}api/${route}`;
}

/** A name or id as one word of a path. */
export const word = encodeURIComponent;

/** The same for a WebSocket. */
export function socketUrl(route: string): string {
  const url = new URL(apiPath(route), globalThis.location.href);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  return url.href;
}
