import type { Readable } from "node:stream";
import { type Level, newRequestId } from "#fleet";
import { type Caller, callerMethods } from "../auth/callers.ts";
import type { SessionOrigin } from "../auth/sessions.ts";
import { ServerError } from "../errors.ts";
import type { Asker } from "../line/worker-lines.ts";
import type { Worker } from "../registry/worker.ts";
import type { Given, RouteSchema } from "./route-schema.ts";

/** What is known of a request before anybody asks who sends it. */
export interface Visit {
  /** Where it comes from, see {@link clientAddress}. */
  readonly address: string;
  /** Whether it comes over TLS, to us or to a trusted proxy. */
  readonly secure: boolean;
  /** The socket's other end is this machine, and no proxy speaks for somebody else. */
  readonly loopback: boolean;
}

/** Who was admitted, and to what. */
export interface Admitted {
  readonly caller: Caller;
  readonly viaCookie: boolean;
  /** Hash of the connection handle that was shown. */
  readonly handle?: string;
  readonly worker?: Worker;
  /** What the caller may do on the worker. */
  readonly level: Level;
}

export interface CallFacts {
  readonly visit: Visit;
  readonly admitted: Admitted | undefined;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly payload: Readable | undefined;
  readonly rest: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly signal: AbortSignal;
  readonly used: () => void;
}

/** A request that was let through, as handlers see it. */
export class Call<S extends RouteSchema = RouteSchema> {
  readonly params: Given<S, "params">;
  readonly query: Given<S, "query">;
  readonly body: Given<S, "body">;
  readonly visit: Visit;
  /** The file behind the request, or a body that is handed on; not read yet. */
  readonly payload: Readable | undefined;
  /** What stands in place of the `*` of the route's path, with the query; as it was written. */
  readonly rest: string;
  /** Fires when the client is gone, and when what it rests on has ended (CAT-67). */
  readonly signal: AbortSignal;
  readonly #facts: CallFacts;

  constructor(facts: CallFacts) {
    this.#facts = facts;
    this.params = facts.params as Given<S, "params">;
    this.query = facts.query as Given<S, "query">;
    this.body = facts.body as Given<S, "body">;
    this.visit = facts.visit;
    this.payload = facts.payload;
    this.rest = facts.rest;
    this.signal = facts.signal;
  }

  /** @throws {ServerError} CREDENTIAL_MISSING on a route that asks for none. */
  get caller(): Caller {
    return this.#admitted().caller;
  }

  /** @throws {ServerError} SESSION_NEEDED when it is a program's token. */
  get session(): Extract<Caller, { kind: "session" }> {
    const { caller } = this;
    if (caller.kind === "session") return caller;
    throw new ServerError("SESSION_NEEDED", "log in for that: an API token does not do");
  }

  /** The one the path names, which the caller may see. */
  get worker(): Worker {
    const { worker } = this.#admitted();
    if (!worker) throw new ServerError("SERVER_FAILED", "the route names no worker");
    return worker;
  }

  /** The caller as the audit names them. */
  get actor(): string {
    return this.caller.user.id;
  }

  /** Came with the session's cookie: its new token goes there too. */
  get viaCookie(): boolean {
    return this.#facts.admitted?.viaCookie ?? false;
  }

  /** Where a login comes from and with what. */
  get origin(): SessionOrigin {
    return { source: this.visit.address, client: this.header("user-agent") ?? "" };
  }

  /** One header, where two of it are refused. */
  header(name: string): string | undefined {
    const value = this.#facts.headers[name];
    return typeof value === "string" ? value : undefined;
  }

  /** Something moved on a stream: the session is in use. */
  used(): void {
    this.#facts.used();
  }

  /** What the worker is told of the caller. */
  asker(): Asker {
    const { caller, level, handle } = this.#admitted();
    const shown = caller.kind === "session" ? caller.session : caller.token;
    return {
      userId: caller.user.id,
      name: caller.user.name,
      roles: [caller.user.role],
      level,
      methods: callerMethods(caller),
      loggedInAt: shown.createdAt,
      session: shown.id,
      source: this.visit.address,
      // A program's token holds no connection open: each of its requests is one.
      connection: handle ?? newRequestId(),
    };
  }

  #admitted(): Admitted {
    const { admitted } = this.#facts;
    if (admitted) return admitted;
    throw new ServerError("CREDENTIAL_MISSING", "this needs a session or an API token");
  }
}
