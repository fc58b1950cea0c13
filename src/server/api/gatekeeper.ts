import { ServerError } from "../errors.ts";
import type { Admission, Known, Shown } from "./admission.ts";
import type { Admitted, Visit } from "./call.ts";
import type { OpenApp, Reply, Request } from "./fastify.ts";
import type { OpenCalls } from "./open-calls.ts";
import { requireOwnPage } from "./origin.ts";
import { RateLimitedError } from "./problem.ts";
import type { Facts, RequestFacts } from "./request-facts.ts";
import type { Route } from "./route.ts";
import { sessionCookie } from "./session-cookie.ts";

export interface GatekeeperOptions {
  readonly limits: Pick<OpenApp, "overAddressLimit" | "overUserLimit">;
  readonly admission: Admission;
  readonly calls: OpenCalls;
  readonly facts: RequestFacts;
  readonly publicOrigin: string | undefined;
  readonly visit: (request: Request) => Visit;
}

/** Looks at each request before its body is read, always in the same order. */
export class Gatekeeper {
  readonly #options: GatekeeperOptions;

  constructor(options: GatekeeperOptions) {
    this.#options = options;
  }

  /** Where it comes from, whose page sends it, who sends it, and whether they may. */
  async admit(route: Route, request: Request, reply: Reply): Promise<void> {
    const { limits, facts: all } = this.#options;
    const facts = all.begin(request, reply.raw);
    await requireRate(limits.overAddressLimit(request));
    if (request.ws && !route.live) throw new ServerError("REQUEST_INVALID", "this is no WebSocket");
    const shown = shownBy(request);
    this.#requireOwnPage(route, request, shown);
    if (route.needs.kind === "nothing") return;
    const { endings } = this.#options.calls;
    facts.known = await this.#identify(route, request, shown);
    await requireRate(limits.overUserLimit(request));
    facts.admitted = await this.#authorize(route, request, facts.known, shown);
    // Not before: why a WebSocket is refused no browser tells its page, which asks so instead.
    if (!request.ws && !route.handle) throw new ServerError("REQUEST_INVALID", "this is a WebSocket");
    this.#enter(route, facts, facts.admitted, reply);
    // What has ended while this was looked at did not find it among what is to be cut (CAT-67).
    if (this.#options.calls.endings !== endings)
      await this.#authorize(route, request, await this.#identify(route, request, shown), shown);
  }

  /** Whoever is sent away by a check is sent away with a note. */
  async audited<T>(route: Route, request: Request, check: () => T | Promise<T>): Promise<T> {
    try {
      return await check();
    } catch (error) {
      const { facts, admission, visit } = this.#options;
      const { worker: subject = "" } = request.params as { worker?: string };
      const caller = facts.of(request)?.known?.caller;
      admission.refused(error, caller, route, { subject, source: visit(request).address });
      throw error;
    }
  }

  #requireOwnPage(route: Route, request: Request, { viaCookie }: Shown): void {
    const { origin, "x-farhand": mark, host = "" } = request.headers;
    const { secure } = this.#options.visit(request);
    const here = `${secure ? "https" : "http"}://${host}`.toLowerCase();
    const own = { here, publicOrigin: this.#options.publicOrigin };
    requireOwnPage(route, { origin, marked: mark === "1", viaCookie, isLive: request.ws }, own);
  }

  async #identify(route: Route, request: Request, shown: Shown): Promise<Known> {
    return await this.audited(route, request, () => this.#options.admission.identify(route, shown));
  }

  async #authorize(route: Route, request: Request, known: Known, shown: Shown) {
    const { worker = "", name = "" } = request.params as { worker?: string; name?: string };
    const authorize = (): Promise<Admitted> =>
      this.#options.admission.authorize(route, known, shown.connection, { worker, name });
    return await this.audited(route, request, authorize);
  }

  /** From here on it ends when its session, handle, rights or worker do. */
  #enter({ needs }: Route, facts: Facts, { caller, handle, worker }: Admitted, reply: Reply): void {
    const { signal } = facts.scope;
    // Whoever left meanwhile would be kept for ever.
    signal.throwIfAborted();
    const open = this.#options.calls.add({
      caller,
      level: needs.kind === "worker" ? needs.level : "none",
      ...(handle !== undefined && { handle }),
      ...(worker && { worker }),
      cut: (why) => facts.scope.abort(why),
    });
    facts.used = open.used;
    signal.addEventListener("abort", open.leave, { once: true });
    reply.raw.once("close", open.leave);
  }
}

async function requireRate(overMs: Promise<number>): Promise<void> {
  const waitMs = await overMs;
  if (waitMs > 0) throw new RateLimitedError(waitMs);
}

function shownBy(request: Request): Shown {
  const { authorization, "x-connection": connection } = request.headers;
  const bearer = /^Bearer ([\w.~+/-]{1,512}=*)$/i.exec(authorization ?? "")?.[1];
  if (authorization !== undefined && bearer === undefined)
    throw new ServerError("CREDENTIAL_INVALID", "Authorization: it is no bearer token");
  const fromCookie = request.cookies[sessionCookie];
  return {
    credential: bearer ?? fromCookie,
    viaCookie: bearer === undefined && fromCookie !== undefined,
    connection: typeof connection === "string" ? connection : undefined,
  };
}
