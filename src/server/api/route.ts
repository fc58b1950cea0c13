import type { Level } from "#fleet";
import type { Area } from "../auth/roles.ts";
import type { Call } from "./call.ts";
import type { LiveSocket } from "./live-socket.ts";
import type { Answered, RouteSchema } from "./route-schema.ts";

/** Who may: nobody is asked anything, somebody who logged in, any caller, or a level in an area or on one worker. */
export type Needs =
  | { readonly kind: "nothing" }
  /** Logged in. `enrolling`: also while a second factor that is required is missing, or has not been shown. */
  | { readonly kind: "session"; readonly enrolling?: boolean }
  | { readonly kind: "caller" }
  | { readonly kind: "area"; readonly area: Area; readonly level: Level }
  /** On the configuration that `:name` of the path names, and on all workers that go by it (CAT-81). */
  | { readonly kind: "config"; readonly level: Level }
  /** On the worker that `:worker` of the path names. */
  | { readonly kind: "worker"; readonly level: Level };

/** What one request turns out to need once its body is read, beyond what its route does. */
export interface MoreNeeds {
  readonly level: Level;
  readonly sensitive: boolean;
}

/** A route, as data: from these come what Fastify serves, the document, and the checks (CAT-54). */
export interface Route {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/api/workers/:worker`; with `*` at its end any that begins so. */
  readonly path: string;
  /** One line for the document. */
  readonly summary: string;
  readonly needs: Needs;
  /** A second factor must have been shown of late (CAT-68). */
  readonly sensitive?: boolean;
  /** What the policy file calls it; without that it is not asked about. */
  readonly entitlement?: string;
  /** A browser must show that the page is ours. Default: all but GET. */
  readonly changes?: boolean;
  /** Sessions need an open connection handle (CAT-50). */
  readonly connection?: boolean;
  /**
   * May be sent again with the same Idempotency-Key: the `answer` is kept, or, where it holds a secret, only that there was
   * one. `by name`: what it makes has a name that the sender or the key gives it, so that asking for it again makes no
   * second one: a request that was broken off may be.
   */
  readonly keyed?: "answer" | "shown once" | "by name";
  /** The body may be a form with the request as JSON and a file behind it. */
  readonly payload?: boolean;
  /** The body is anything, and is handed on as it comes: it is the call's `payload`. */
  readonly passesOn?: boolean;
  readonly schema: RouteSchema;
  /** What this very request needs. */
  more?(call: Call): MoreNeeds;
  /** @returns a value, an `Answer`, or nothing (204). */
  handle?(call: Call): Promise<unknown>;
  /** Instead of `handle`, or beside it on one path: a WebSocket. Resolves when it is over; then the socket is closed. */
  live?(call: Call, socket: LiveSocket): Promise<void>;
}

/** A route with what its schema makes of the parts of a request. */
type TypedRoute<S extends RouteSchema> = Omit<Route, "schema" | "handle" | "live" | "more"> & {
  readonly schema: S;
  more?(call: Call<S>): MoreNeeds;
  handle?(call: Call<S>): Promise<Answered<S> | object | undefined>;
  live?(call: Call<S>, socket: LiveSocket): Promise<void>;
};

/** A route whose handler sees what the schema lets through. */
export function route<const S extends RouteSchema>(typed: TypedRoute<S>): Route {
  return typed;
}

/** Whether requests of it change something. */
export function changes({ method, changes: said }: Pick<Route, "method" | "changes">): boolean {
  return said ?? method !== "GET";
}
