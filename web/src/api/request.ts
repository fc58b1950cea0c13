import { apiPath } from "./place.ts";
import { problemIn, ProblemError, unreachable } from "./problem.ts";

/** What a request may come with. */
export interface Asking {
  readonly body?: unknown;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What the pages do when the session is over, and when a code of the second factor is wanted once more. */
export interface SessionEvents {
  ended(): void;
  /** @returns whether a code was shown; then the request is sent again. */
  stepUp(): Promise<boolean>;
}

let events: SessionEvents = { ended: () => {}, stepUp: async () => false };

/** Set once, by the app. */
export function onSession(given: SessionEvents): void {
  events = given;
}

/**
 * Ask the API; the session is in the cookie, and the header that no other site's form can send goes along.
 *
 * @returns its JSON; undefined for an empty answer.
 * @throws {ProblemError} what the server says, or that it does not answer.
 */
export async function request<T>(method: string, route: string, asking: Asking = {}): Promise<T> {
  try {
    return await once<T>(method, route, asking);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { code, status } = error.problem;
    if (status === 401 && !route.startsWith("login")) events.ended();
    if (code !== "FACTOR_NEEDED" || route.startsWith("login") || route === "me" || !(await events.stepUp()))
      throw error;
    return await once<T>(method, route, asking);
  }
}

export const get = <T>(route: string, signal?: AbortSignal): Promise<T> =>
  request<T>("GET", route, signal ? { signal } : {});

async function once<T>(method: string, route: string, asking: Asking): Promise<T> {
  const answer = await send(method, route, asking);
  const isJson = /json/.test(answer.headers.get("content-type") ?? "");
  const value: unknown = isJson ? await answer.json() : undefined;
  if (!answer.ok) throw problemIn(value, answer.status, answer.statusText);
  return value as T;
}

/** The answer as it comes, for what is read as bytes. @throws {ProblemError} when no answer came. */
export async function send(method: string, route: string, { body, form, headers, signal }: Asking): Promise<Response> {
  const typed = body === undefined ? {} : { "content-type": "application/json" };
  const content = form ?? (body === undefined ? undefined : JSON.stringify(body));
  try {
    return await fetch(apiPath(route), {
      method,
      headers: { "x-farhand": "1", ...typed, ...headers },
      credentials: "same-origin",
      cache: "no-store",
      ...(content !== undefined && { body: content }),
      ...(signal && { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TypeError) throw unreachable();
    throw error;
  }
}
