import type { Duplex } from "node:stream";
import { type HttpMethod, httpMethods, type OwnPageWanted } from "#fleet";
import { ServerError } from "../../errors.ts";
import type { Answer } from "../answer.ts";
import type { Call } from "../call.ts";
import { guarded, watchIdle } from "../guarded-stream.ts";
import type { LiveSocket } from "../live-socket.ts";
import { hasBody, pageAnswer } from "../page-answer.ts";
import { pageWanted, pathOf, requireNoPart } from "../page-request.ts";
import { joinPage } from "../page-socket.ts";
import { type Route, route } from "../route.ts";
import type { RouteServices } from "../services.ts";
import { openOnWorker, secondAnswer } from "../worker-call.ts";
import { written } from "../written.ts";
import { AnswerHead, OwnPageParams, ServiceParams } from "./http-schema.ts";

const readers: readonly HttpMethod[] = ["GET", "HEAD"];

/** HTTP and WebSockets to pages of a worker that has no open port: pages its configuration names, and its own. */
export function httpRoutes(services: RouteServices): Route[] {
  return [...httpMethods.map((method) => pageRoute(services, method)), ...ownPageRoutes(services)];
}

function pageRoute(services: RouteServices, method: HttpMethod): Route {
  const { streamLevels = {} } = services;
  return route({
    method,
    path: "/api/workers/:worker/http/:service/*",
    summary: "A page that the worker's configuration names (`httpServices`); a GET may be its WebSocket",
    needs: { kind: "worker", level: streamLevels.tcp ?? "operate" },
    entitlement: "remote.operate",
    changes: !readers.includes(method),
    passesOn: true,
    schema: { params: ServiceParams },
    handle: async (call) => {
      const { service } = ServiceParams.parse(call.params);
      const wanted = pageWanted({ method, rest: call.rest, header: (name) => call.header(name) });
      requireNoPart((name) => call.header(name));
      await note(services, call, service, wanted);
      return await askPage(services, call, "http.open", { service, ...wanted });
    },
    ...(method === "GET" && { live: (call, socket) => openPageSocket(services, call, socket) }),
  });
}

/** The REST subset of the worker (CAT-16), its port open or not. The worker looks at the level of what is asked. */
function ownPageRoutes(services: RouteServices): Route[] {
  return (["GET", "HEAD", "PUT"] as const).map((method) =>
    route({
      method,
      path: "/api/workers/:worker/http/management/*",
      summary: "The worker's own pages: v1/status, v1/tasks, v1/tasks/ID, v1/switches/NAME",
      needs: { kind: "worker", level: method === "PUT" ? "operate" : "monitor" },
      entitlement: method === "PUT" ? "remote.operate" : "remote.monitor",
      changes: !readers.includes(method),
      passesOn: true,
      schema: { params: OwnPageParams },
      handle: async (call) => {
        const wanted = pageWanted({ method, rest: call.rest, header: (name) => call.header(name) });
        requireNoPart((name) => call.header(name));
        await note(services, call, "management", wanted);
        return await askPage(services, call, "http.management", wanted);
      },
    }),
  );
}

type PageCall = Pick<Call, "actor" | "worker" | "visit">;

/** What changes something is audited before it is asked; of what looks, a row must not hold it up. Queries hold secrets. */
async function note(
  { audit, log }: RouteServices,
  { actor, worker, visit: { address: source } }: PageCall,
  service: string,
  { method, path }: Pick<OwnPageWanted, "method" | "path">,
): Promise<void> {
  const detail = { service, method, path: path.split("?")[0]?.slice(0, 1_000) ?? "", source };
  if (!readers.includes(method)) return await audit.record(actor, "worker.http", worker.id, detail);
  audit
    .recordSoon(actor, "worker.http", worker.id, detail)
    .catch((error: unknown) => log.warn("a request for a page was not audited", { error: String(error) }));
}

/** Send the request's body and hear what the page answers, which may come first. */
async function askPage(
  services: RouteServices,
  call: Call,
  method: "http.open" | "http.management",
  wanted: OwnPageWanted & { readonly service?: string },
): Promise<Answer> {
  const { limits } = services;
  const { stream } = await openOnWorker(services, call, method, wanted);
  const late = watchIdle(limits.callMs);
  try {
    const sent = send(call, stream, limits.payloadBytes, late.moved);
    const answer = secondAnswer(call, stream, late.signal);
    // Whichever is looked at last.
    for (const each of [sent, answer]) each.catch(() => {});
    const head = AnswerHead.safeParse(await Promise.race([answer, sent.then(() => answer)]));
    if (!head.success) throw new ServerError("WORKER_ANSWER", "the worker's answer is none of a page");
    return answered(services, call, { method: wanted.method, head: head.data, stream });
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    late.stop();
  }
}

interface Answered {
  readonly method: HttpMethod;
  readonly head: AnswerHead;
  readonly stream: Duplex;
}

function answered({ limits }: RouteServices, call: Call, { method, head, stream }: Answered): Answer {
  if (!hasBody(method, head.status)) {
    const answer = pageAnswer(head, undefined);
    stream.destroy();
    return answer;
  }
  const { length } = head;
  const bounds = length === undefined ? {} : { maxBytes: length, minBytes: length };
  const guard = { limits, signal: call.signal, used: () => call.used(), ...bounds };
  return pageAnswer(head, guarded(stream, guard));
}

async function send(call: Call, stream: Duplex, maxBytes: number, moved: () => void): Promise<void> {
  let bytes = 0;
  const body = call.payload?.iterator({ destroyOnReturn: false }) ?? [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new ServerError("BODY_TOO_LARGE", "the body is larger than this server takes");
    if (!stream.writable) return;
    await written(stream, chunk);
    moved();
    call.used();
  }
  if (stream.writable) stream.end();
}

async function openPageSocket(services: RouteServices, call: Call, socket: LiveSocket): Promise<void> {
  const { service } = ServiceParams.parse(call.params);
  const path = pathOf(call.rest);
  // What a client gets is the first that it offers: the page has to agree to that one.
  const protocol = call.header("sec-websocket-protocol")?.split(",")[0]?.trim();
  await note(services, call, service, { method: "GET", path });
  const wish = { service, path, ...(protocol !== undefined && protocol !== "" && { protocol }) };
  const { stream } = await openOnWorker(services, call, "http.socket", wish);
  await joinPage(socket, stream, { limits: services.limits, signal: call.signal, used: () => call.used() });
}
