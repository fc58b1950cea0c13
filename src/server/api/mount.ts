import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { errorText, type Log } from "#core";
import { ServerError } from "../errors.ts";
import type { Admission, Known } from "./admission.ts";
import { Answer, done } from "./answer.ts";
import { type Admitted, Call, type Visit } from "./call.ts";
import type { App, OpenApp, Reply, Request } from "./fastify.ts";
import type { Idempotency } from "./idempotency.ts";
import type { ApiLimits } from "./limits.ts";
import { LiveSocket } from "./live-socket.ts";
import type { Meter } from "./metrics.ts";
import type { OpenCalls } from "./open-calls.ts";
import { requireOwnPage } from "./origin.ts";
import { forgetBody, readPayloadForm } from "./payload-form.ts";
import { FieldsError, isUnforeseen, problemHeaders, problemOf, RateLimitedError } from "./problem.ts";
import type { Route } from "./route.ts";

/** Name of the session's cookie. */
export const sessionCookie = "farhand_session";

export interface MountOptions {
  readonly open: OpenApp;
  readonly admission: Admission;
  readonly calls: OpenCalls;
  readonly idempotency: Idempotency;
  readonly limits: ApiLimits;
  readonly publicOrigin: string | undefined;
  readonly log: Log;
  readonly meter: Meter;
  readonly visit: (request: Request) => Visit;
}

/** What the checks have found out about one request, for its handler. */
interface Facts {
  readonly known?: Known;
  readonly admitted?: Admitted;
  readonly scope: AbortController;
  used: () => void;
}

/** Puts routes into Fastify, each behind the same checks in the same order (CAT-54). */
export class Mount {
  readonly #options: MountOptions;
  readonly #facts = new WeakMap<Request, Facts>();

  constructor(options: MountOptions) {
    this.#options = options;
  }

  /** The user whose requests are counted together. */
  userOf(request: Request): string {
    return this.#facts.get(request)?.known?.caller.user.id ?? "";
  }

  add(route: Route): void {
    const { app } = this.#options.open;
    const { params, query, body, answer } = route.schema;
    const schema = {
      ...documented(route),
      ...(params && { params }),
      ...(query && { querystring: query }),
      // A form is looked at when its first part was read.
      ...(body && !route.payload && { body }),
      ...(answer && { response: { "2xx": answer } }),
    };
    const common = { method: route.method, url: route.path, schema, ...this.#hooks(route) };
    if (route.live) this.#addLive(app, route, common);
    else app.route({ ...common, handler: (request, reply) => this.#answer(route, request, reply) });
  }

  #addLive(app: App, route: Route, common: object): void {
    app.route({
      ...(common as { url: string }),
      method: "GET",
      websocket: true,
      handler: (socket, request) => {
        const live = new LiveSocket(socket, this.#options.limits);
        return this.#serveLive(route, request, live);
      },
    });
  }

  #hooks(route: Route) {
    const { limits } = this.#options;
    return {
      onRequest: (request: Request, reply: Reply) => this.#admit(route, request, reply),
      preParsing: async (request: Request, reply: Reply) => {
        this.#continue(request, reply);
        if (!route.payload) timeBody(request, reply, limits.bodyMs);
      },
      onResponse: async (_request: Request, reply: Reply) => {
        this.#options.meter.answered(route, reply.statusCode, reply.elapsedTime);
      },
      preValidation: async (request: Request) => {
        if (request.isMultipart() && !route.payload)
          throw new ServerError("BODY_TYPE", "this route takes application/json");
      },
    };
  }

  /** All that is looked at before the body is read. */
  async #admit(route: Route, request: Request, reply: Reply): Promise<void> {
    const facts: Facts = { scope: scopeOf(reply.raw), used: () => {} };
    this.#facts.set(request, facts);
    await this.#requireRate(this.#options.open.overAddressLimit(request));
    if (request.ws !== (route.live !== undefined))
      throw new ServerError("REQUEST_INVALID", route.live ? "this is a WebSocket" : "this is no WebSocket");
    const shown = shownBy(request);
    requireOwnPage(
      route,
      { origin: request.headers.origin, marked: request.headers["x-farhand"] === "1", viaCookie: shown.viaCookie },
      { here: originOf(request, this.#options.visit(request)), publicOrigin: this.#options.publicOrigin },
    );
    if (route.needs.kind === "nothing") return;
    const known = await this.#audited(route, request, async () => {
      const caller = await this.#options.admission.identify(route, shown);
      Object.assign(facts, { known: caller });
      return caller;
    });
    await this.#requireRate(this.#options.open.overUserLimit(request));
    const { worker = "" } = request.params as { worker?: string };
    const admitted = await this.#audited(route, request, () =>
      this.#options.admission.authorize(route, known, shown.connection, worker),
    );
    Object.assign(facts, { admitted });
    this.#enter(route, facts, admitted, reply);
  }

  /** Whoever is sent away by a check is sent away with a note. */
  async #audited<T>(route: Route, request: Request, check: () => T | Promise<T>): Promise<T> {
    try {
      return await check();
    } catch (error) {
      const { worker: subject = "" } = request.params as { worker?: string };
      const { caller } = this.#facts.get(request)?.known ?? {};
      this.#options.admission.refused(error, caller, route, { subject, source: this.#options.visit(request).address });
      throw error;
    }
  }

  /** From here on it ends when its session, handle, rights or worker do. */
  #enter(route: Route, facts: Facts, { caller, handle, worker }: Admitted, reply: Reply): void {
    const { needs } = route;
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

  async #requireRate(overMs: Promise<number>): Promise<void> {
    const waitMs = await overMs;
    if (waitMs > 0) throw new RateLimitedError(waitMs);
  }

  /** Whoever asked whether to send the body is told so only now. */
  #continue(request: Request, reply: Reply): void {
    if (request.headers.expect !== undefined && request.raw.httpVersion === "1.1") reply.raw.writeContinue();
  }

  async #answer(route: Route, request: Request, reply: Reply): Promise<unknown> {
    try {
      const call = await this.#call(route, request);
      await this.#requireMore(route, call, request);
      const answer = await this.#once(route, call, request);
      return this.#send(route, reply, answer);
    } catch (error) {
      if (route.payload) forgetBody(request);
      throw error;
    }
  }

  async #call(route: Route, request: Request): Promise<Call> {
    const { admitted, scope, used } = this.#facts.get(request) ?? { scope: new AbortController(), used: () => {} };
    // The worker sets the pace, and may be slow.
    if (route.payload) request.raw.socket.setTimeout(0);
    const form = route.payload && request.isMultipart() ? await readPayloadForm(request) : undefined;
    const body = route.payload ? parsedBody(route, form?.body ?? request.body) : request.body;
    return new Call({
      visit: this.#options.visit(request),
      admitted,
      params: request.params,
      query: request.query,
      body,
      payload: form?.payload,
      headers: request.headers,
      signal: scope.signal,
      used: () => used(),
    });
  }

  /** What the body asks for may need more than the route. */
  async #requireMore(route: Route, call: Call, request: Request): Promise<void> {
    const { admitted } = this.#facts.get(request) ?? {};
    const needs = route.more?.(call);
    if (needs && admitted)
      await this.#audited(route, request, () => this.#options.admission.require(route, admitted, needs));
  }

  async #once(route: Route, call: Call, request: Request): Promise<Answer> {
    const work = async (): Promise<Answer> => asAnswer(route, await route.handle?.(call));
    const key = call.header("idempotency-key");
    if (key === undefined || !route.keyed) return await work();
    const [path = ""] = request.url.split("?");
    const keyed = {
      caller: call.actor,
      key,
      request: [route.method, path, JSON.stringify(call.body) ?? ""],
      shownOnce: route.keyed === "shown once",
    };
    return await this.#options.idempotency.run(keyed, work);
  }

  #send(route: Route, reply: Reply, { status, body, headers }: Answer): unknown {
    reply.code(status).headers({ "cache-control": "no-store", ...headers });
    if (route.schema.answer && body !== undefined && status >= 400) return reply.send(JSON.stringify(body));
    if (body instanceof Readable) {
      // A stream that is silent for a while must not look like no answer, nor like a connection that nobody uses.
      reply.raw.once("pipe", () => reply.raw.flushHeaders());
      reply.request.raw.socket.setTimeout(0);
    }
    return reply.send(body);
  }

  /** A WebSocket; whatever goes wrong is said in it, and why it is closed. */
  async #serveLive(route: Route, request: Request, socket: LiveSocket): Promise<void> {
    const facts = this.#facts.get(request);
    const scope = facts?.scope ?? new AbortController();
    socket.closed.addEventListener("abort", () => scope.abort(socket.closed.reason), { once: true });
    scope.signal.addEventListener("abort", () => close(socket, scope.signal.reason), { once: true });
    try {
      await route.live?.(await this.#call(route, request), socket);
      socket.close();
    } catch (error) {
      if (!socket.closed.aborted) await this.#tell(socket, error, request);
    } finally {
      scope.abort(new Error("the WebSocket is over"));
    }
  }

  async #tell(socket: LiveSocket, error: unknown, request: Request): Promise<void> {
    this.#note(error, request);
    await socket.send(JSON.stringify({ problem: problemOf(error) })).catch(() => {});
    close(socket, error);
  }

  /** Answer with a problem, whatever was thrown and wherever. */
  fail(error: unknown, request: Request, reply: Reply): void {
    const { signal } = this.#facts.get(request)?.scope ?? new AbortController();
    // What a cut call throws is of no interest: why it was cut is.
    const told = signal.aborted && signal.reason instanceof ServerError ? signal.reason : validated(error);
    this.#note(told, request);
    if (reply.raw.headersSent || reply.sent) return void reply.raw.destroy();
    const problem = problemOf(told);
    this.#options.meter.problem(problem.code);
    void reply.code(problem.status).headers(problemHeaders(told)).send(JSON.stringify(problem));
  }

  #note(error: unknown, request: Request): void {
    if (!isUnforeseen(error)) return;
    const about = { method: request.method, route: request.routeOptions.url, stack: (error as Error)?.stack };
    this.#options.log.error(`a request failed: ${errorText(error)}`, about);
  }
}

/** As the document shows it. */
function documented({ summary, needs, path, sensitive }: Route): object {
  const [, , tag = "server"] = path.split("/");
  const open = needs.kind === "nothing";
  const level = needs.kind === "area" || needs.kind === "worker" ? `Level: ${needs.level}. ` : "";
  const again = sensitive ? "Needs a second factor of the last 10 minutes." : "";
  return {
    summary,
    tags: [tag],
    description: `${level}${again}`,
    security: open ? [] : [{ bearer: [] }, { cookie: [] }],
  };
}

/** Ends with the connection, unless the answer was whole. */
function scopeOf(response: ServerResponse): AbortController {
  const scope = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished && !scope.signal.aborted) scope.abort(new Error("the client is gone"));
  });
  return scope;
}

function shownBy(request: Request) {
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

function originOf(request: Request, { secure }: Visit): string {
  return `${secure ? "https" : "http"}://${request.headers.host ?? ""}`.toLowerCase();
}

/** A body that trickles in ends with its connection. */
function timeBody(request: Request, reply: Reply, bodyMs: number): void {
  const slow = setTimeout(() => {
    if (!request.raw.complete) request.raw.destroy();
  }, bodyMs);
  const stop = (): void => clearTimeout(slow);
  request.raw.once("end", stop);
  reply.raw.once("close", stop);
}

function parsedBody(route: Route, body: unknown): unknown {
  const parsed = route.schema.body?.safeParse(body);
  if (!parsed) return undefined;
  if (parsed.success) return parsed.data;
  throw new FieldsError(
    parsed.error.issues.map(({ path, message }) => ({ path: ["body", ...path].map(String).join("."), message })),
  );
}

/** What does not fit a schema, with its field named. */
function validated(error: unknown): unknown {
  if (!(error instanceof Error) || !("validation" in error) || !Array.isArray(error.validation)) return error;
  const context = "validationContext" in error ? String(error.validationContext) : "request";
  const faults = error.validation as readonly { readonly instancePath: string; readonly message: string }[];
  const where = (path: string): string => [context, ...path.split("/").filter(Boolean)].join(".");
  return new FieldsError(faults.map(({ instancePath, message }) => ({ path: where(instancePath), message })));
}

function asAnswer(route: Route, given: unknown): Answer {
  const answer = given instanceof Answer ? given : given === undefined ? done() : new Answer(200, given);
  const { answer: schema } = route.schema;
  if (!route.keyed || !schema || answer.body === undefined) return answer;
  // It is kept as it is sent, without what is not declared.
  return new Answer(answer.status, schema.parse(answer.body), answer.headers);
}

/** WebSockets have close codes of their own from 4000 on: the status, and the error's code as the reason. */
function close(socket: LiveSocket, error: unknown): void {
  const { status, code } = problemOf(error);
  socket.close(4000 + status, code);
}
