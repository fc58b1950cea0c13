import type { JsonObject } from "#core";
import type { ResolvedTarget, Tool, ToolContext } from "../tool.ts";
import { type Attempted, msSince, probe } from "./attempts.ts";
import { connectTo } from "./connection.ts";
import { shakeHands } from "./handshake.ts";
import { exchange, type HttpResponse } from "./http-exchange.ts";
import { onlyTarget } from "./only-target.ts";
import { HttpParams } from "./params-schema.ts";

/** Whether a web server answers as it should, and how long each phase takes. */
export const http: Tool<HttpParams> = {
  name: "http",
  summary: "whether a web server answers as it should",
  params: HttpParams,
  needs: [],
  uses: [],
  wants: ({ url }) => [{ kind: "target", host: hostOf(new URL(url)) }],
  asks: ({ maxBytes }) => ({ targets: 1, ports: 1, bytes: Math.max(1, maxBytes) }),
  run: async (params, context) => {
    const target = onlyTarget(context);
    const attempt = async (signal: AbortSignal): Promise<Attempted> => {
      const start = performance.now();
      let at: Place = { url: new URL(params.url), target };
      for (let redirects = 0; ; redirects++) {
        const { response, fields, fault } = await visit(at, params, context, signal);
        const next = response && redirects < params.redirects ? placeOf(response, at.url) : undefined;
        if (!next) {
          const error = response ? faultOf(response, params) : fault;
          const all = { url: at.url.href, redirects, ...fields, totalMs: msSince(start) };
          return { ok: error === undefined, ...(error !== undefined && { error }), fields: all };
        }
        // Where a stranger sends us is asked of the allow-list like any target.
        at = { url: next, target: await context.resolve(hostOf(next)) };
      }
    };
    return await probe({ ...params, probe: "http", target: params.url, attempt }, context);
  },
};

/** A URL, and the checked addresses of its host. */
interface Place {
  readonly url: URL;
  readonly target: ResolvedTarget;
}

interface Visit {
  readonly fields: JsonObject;
  /** Undefined when nothing was asked, because of the `fault`. */
  readonly response: HttpResponse | undefined;
  /** Why its certificate does not hold, when that counts. */
  readonly fault: string | undefined;
}

async function visit(
  { url, target }: Place,
  params: HttpParams,
  { budget }: ToolContext,
  signal: AbortSignal,
): Promise<Visit> {
  const start = performance.now();
  const isTls = url.protocol === "https:";
  const { socket, address } = await connectTo(target, Number(url.port) || (isTls ? 443 : 80), signal);
  try {
    const connectMs = msSince(start);
    const { ca, trust, method, headers, maxBytes } = params;
    const hello = isTls
      ? await shakeHands(socket, { serverName: hostOf(url), ca, alpn: ["http/1.1"] }, signal)
      : undefined;
    const fault = trust === "any" ? undefined : hello?.fault;
    const tls = hello ? { tlsMs: hello.fields["tlsMs"] ?? 0, tls: hello.fields } : {};
    // To a server that is not who it says it is nothing is sent.
    if (fault !== undefined) return { response: undefined, fault, fields: { address, connectMs, ...tls } };
    const asked = { method, url, headers, maxBytes: Math.min(maxBytes, budget.bytes) };
    const response = await exchange(hello?.socket ?? socket, asked, signal);
    return { response, fault, fields: { address, connectMs, ...tls, ...fieldsOf(response) } };
  } finally {
    socket.destroy();
  }
}

function fieldsOf({ status, headers, firstByteMs, bodyMs, body, bodySha256, cutOff }: HttpResponse): JsonObject {
  return { status, firstByteMs, bodyMs, headers, bodyBytes: body.length, bodySha256, cutOff };
}

function placeOf({ status, headers }: HttpResponse, base: URL): URL | undefined {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined || !URL.canParse(location, base.href))
    return undefined;
  const next = new URL(location, base);
  return ["http:", "https:"].includes(next.protocol) ? next : undefined;
}

function faultOf({ status, body }: HttpResponse, { expectStatus, expectText }: HttpParams): string | undefined {
  const isRight = expectStatus === undefined ? status >= 200 && status < 400 : status === expectStatus;
  if (!isRight) return `the status is ${status}${expectStatus === undefined ? "" : `, not ${expectStatus}`}`;
  if (expectText !== undefined && !body.includes(expectText)) return `"${expectText}" is not in the body`;
  return undefined;
}

/** Without the brackets an IPv6 address has in a URL. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
