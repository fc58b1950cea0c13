import { createHash } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { ServerError } from "../errors.ts";
import { Answer, done } from "./answer.ts";
import type { Admission } from "./admission.ts";
import { Call, type Visit } from "./call.ts";
import { closeSocket, type Failures } from "./failures.ts";
import { type App, type Reply, type Request, takeAnyBody } from "./fastify.ts";
import { Problem } from "./field-schema.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { Idempotency } from "./idempotency.ts";
import type { ApiLimits } from "./limits.ts";
import { guarded } from "./guarded-stream.ts";
import { HashedPayload } from "./hashed-payload.ts";
import { LiveSocket, type RawWebSocket } from "./live-socket.ts";
import type { Meter } from "./metrics.ts";
import { forgetBody, type PayloadForm, readPayloadForm } from "./payload-form.ts";
import { FieldsError } from "./problem.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { Route } from "./route.ts";

export interface MountOptions {
  readonly app: App;
  readonly gatekeeper: Gatekeeper;
  readonly admission: Admission;
  readonly facts: RequestFacts;
  readonly failures: Failures;
  readonly idempotency: Idempotency;
  readonly limits: ApiLimits;
  readonly meter: Meter;
  readonly visit: (request: Request) => Visit;
}

/** Puts routes into Fastify, each behind the same checks in the same order (CAT-54). */
export class Mount {
  readonly #options: MountOptions;

  constructor(options: MountOptions) {
    this.#options = options;
  }

  add(route: Route): void {
    const { app, limits } = this.#options;
    const common = { url: route.path, schema: schemaOf(route), ...this.#hooks(route) };
    const wsHandler = (socket: RawWebSocket, request: Request): Promise<void> =>
      this.#serveLive(route, request, new LiveSocket(socket, limits));
    const handler = (request: Request, reply: Reply): Promise<unknown> => this.#answer(route, request, reply);
    if (route.live && !route.handle) app.route({ ...common, method: "GET", websocket: true, handler: wsHandler });
    else if (route.passesOn)
      // In a scope of its own, where no body is read by anybody else.
      void app.register(async (scope) => {
        takeAnyBody(scope);
        scope.route({ ...common, method: route.method, handler, ...(route.live && { wsHandler }) });
      });
    else app.route({ ...common, method: route.method, handler });
  }

  #hooks(route: Route) {
    const { limits, gatekeeper, meter } = this.#options;
    return {
      onRequest: (request: Request, reply: Reply) => gatekeeper.admit(route, request, reply),
      preParsing: async (request: Request, reply: Reply): Promise<Readable | undefined> => {
        // Whoever asked whether to send the body is told so only now.
        if (request.headers.expect !== undefined && request.raw.httpVersion === "1.1") reply.raw.writeContinue();
        // The worker sets the pace of those.
        return route.payload || route.passesOn ? undefined : timedBody(request, reply, limits.bodyMs);
      },
      preValidation: async (request: Request) => {
        if (request.isMultipart() && !route.payload && !route.passesOn)
          throw new ServerError("BODY_TYPE", "this route takes application/json");
      },
      onResponse: async (_request: Request, reply: Reply) => meter.answered(route, reply.statusCode, reply.elapsedTime),
    };
  }

  async #answer(route: Route, request: Request, reply: Reply): Promise<unknown> {
    let payload: HashedPayload | undefined;
    try {
      // The worker sets the pace, and may be slow.
      if (route.passesOn) request.raw.socket.setTimeout(0);
      const form = await formOf(route, request);
      payload = form && isKeyed(route, request) ? this.#hashed(form.payload, request) : undefined;
      const call = this.#call(route, request, form && { ...form, payload: payload?.bytes ?? form.payload });
      await this.#requireMore(route, call, request);
      const answer = await this.#once(route, call, request, payload);
      // Whoever answers before the body has come wants no more of it.
      if (route.passesOn && !request.raw.complete) reply.header("connection", "close");
      return send(route, reply, answer);
    } catch (error) {
      if (route.payload || route.passesOn) forgetBody(request);
      throw error;
    } finally {
      payload?.bytes.destroy();
    }
  }

  /** It may have to be read where no handler sets an end to that. */
  #hashed(payload: Readable, request: Request): HashedPayload {
    const { facts, limits } = this.#options;
    const { scope, used } = facts.of(request) ?? {};
    const guard = { limits, signal: scope?.signal ?? new AbortController().signal, used: () => used?.() };
    return new HashedPayload(guarded(payload, guard));
  }

  #call(route: Route, request: Request, form?: PayloadForm): Call {
    const { facts, visit } = this.#options;
    const { admitted, scope, used } = facts.of(request) ?? {};
    return new Call({
      visit: visit(request),
      admitted,
      params: request.params,
      query: request.query,
      body: route.payload ? parsedBody(route, form?.body ?? request.body) : request.body,
      payload: route.passesOn ? request.raw : form?.payload,
      rest: restOf(route, request),
      headers: request.headers,
      signal: scope?.signal ?? new AbortController().signal,
      used: () => used?.(),
    });
  }

  /** What the body asks for may need more than the route. */
  async #requireMore(route: Route, call: Call, request: Request): Promise<void> {
    const { facts, gatekeeper, admission } = this.#options;
    const admitted = facts.of(request)?.admitted;
    const needs = route.more?.(call);
    if (needs && admitted) await gatekeeper.audited(route, request, () => admission.require(route, admitted, needs));
  }

  async #once(route: Route, call: Call, request: Request, payload: HashedPayload | undefined): Promise<Answer> {
    const work = async (): Promise<Answer> => asAnswer(route, await route.handle?.(call));
    const key = call.header("idempotency-key");
    if (key === undefined || !isKeyed(route, request)) return await work();
    const [path = ""] = request.url.split("?");
    const keyed = {
      caller: call.actor,
      key,
      request: [route.method, path, JSON.stringify(call.body) ?? ""],
      ...(route.payload && { payload: async () => (await payload?.digest()) ?? noPayload }),
      shownOnce: route.keyed === "shown once",
      mayRepeat: route.keyed === "by name",
      signal: call.signal,
    };
    return await this.#options.idempotency.run(keyed, work);
  }

  /** A WebSocket; whatever goes wrong is said in it, and why it is closed. */
  async #serveLive(route: Route, request: Request, socket: LiveSocket): Promise<void> {
    const { facts, failures } = this.#options;
    const known = facts.of(request);
    const scope = known?.scope ?? new AbortController();
    if (known) known.isLive = true;
    socket.closed.addEventListener("abort", () => scope.abort(socket.closed.reason), { once: true });
    scope.signal.addEventListener("abort", () => closeSocket(socket, scope.signal.reason), { once: true });
    try {
      await route.live?.(this.#call(route, request), socket);
      socket.close();
    } catch (error) {
      if (!socket.closed.aborted) await failures.tell(error, request, socket);
    } finally {
      scope.abort(new Error("the WebSocket is over"));
    }
  }
}

/** What a request that comes without one would have. */
const noPayload = createHash("sha256").digest("hex");

const isKeyed = (route: Route, { headers }: Request): boolean =>
  route.keyed !== undefined && headers["idempotency-key"] !== undefined;

async function formOf(route: Route, request: Request): Promise<PayloadForm | undefined> {
  if (!route.payload) return undefined;
  // The worker sets the pace, and may be slow.
  request.raw.socket.setTimeout(0);
  return request.isMultipart() ? await readPayloadForm(request) : undefined;
}

function send({ schema }: Route, reply: Reply, { status, body, headers }: Answer): unknown {
  reply.code(status).headers({ "cache-control": "no-store", ...headers });
  if (body instanceof Readable) {
    // A stream that is silent for a while must not look like no answer, nor like a connection that nobody uses.
    reply.raw.once("pipe", () => reply.raw.flushHeaders());
    reply.request.raw.socket.setTimeout(0);
  }
  // A failure that was kept is none of the answers that the schema knows.
  return reply.send(schema.answer && body !== undefined && status >= 400 ? JSON.stringify(body) : body);
}

const refused = {
  description: "A problem; `code` says which (docs/errors.md)",
  content: { "application/problem+json": { schema: Problem } },
};

/** For Fastify's checks, and for the document. */
function schemaOf({ summary, needs, path, sensitive, schema, payload }: Route): object {
  const [, , tag = "server"] = path.split("/");
  const { params, query, body, answer } = schema;
  const level = "level" in needs ? `Level: ${needs.level}. ` : "";
  return {
    summary,
    tags: [tag],
    description: `${level}${sensitive ? "Needs a second factor of the last 10 minutes." : ""}`,
    security: needs.kind === "nothing" ? [] : [{ bearer: [] }, { cookie: [] }],
    ...(params && { params }),
    ...(query && { querystring: query }),
    // A form is looked at when its first part was read.
    ...(body && !payload && { body }),
    response: { ...(answer && { "2xx": answer }), "4xx": refused, "5xx": refused },
  };
}

/** The body as it comes. What has not come in time is told so while there is a connection, and that is closed behind it. */
function timedBody(request: Request, reply: Reply, bodyMs: number): Readable | undefined {
  const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
  if (coding === undefined && Number(length) === 0) return undefined;
  const body = new PassThrough();
  // Nobody may want it any more when it fails.
  body.on("error", () => {});
  const slow = setTimeout(() => {
    if (request.raw.complete) return;
    request.raw.unpipe(body);
    if (!reply.sent) reply.header("connection", "close");
    body.destroy(new ServerError("BODY_SLOW", "the body of the request did not arrive in time"));
  }, bodyMs);
  request.raw.once("end", () => clearTimeout(slow));
  request.raw.once("error", (error) => body.destroy(error));
  reply.raw.once("close", () => clearTimeout(slow));
  return request.raw.pipe(body);
}

/** As it was written: it has been looked at, and what is decoded here would be read in another way further on. */
function restOf({ path }: Route, { raw: { url = "" } }: Request): string {
  if (!path.endsWith("/*")) return "";
  const before = path.split("/").length - 1;
  const [place = "", ...query] = url.split("?");
  const rest = place.split("/").slice(before).join("/");
  return [rest, ...query].join("?");
}

function parsedBody(route: Route, body: unknown): unknown {
  const parsed = route.schema.body?.safeParse(body);
  if (!parsed) return undefined;
  if (parsed.success) return parsed.data;
  throw new FieldsError(
    parsed.error.issues.map(({ path, message }) => ({ path: ["body", ...path].map(String).join("."), message })),
  );
}

function asAnswer(route: Route, given: unknown): Answer {
  const answer = given instanceof Answer ? given : given === undefined ? done() : new Answer(200, given);
  const { answer: schema } = route.schema;
  if (!route.keyed || !schema || answer.body === undefined) return answer;
  // It is kept as it is sent, without what is not declared.
  return new Answer(answer.status, schema.parse(answer.body), answer.headers);
}
