import type { IncomingMessage, ServerResponse } from "node:http";
import { errorText, type Log } from "#core";
import { type Fault, faultOf, type JsonObject, maxMessageBytes } from "#fleet";
import { WorkerError } from "../errors.ts";
import type { Desk } from "./desk.ts";
import { sendJson, sendNothing, sendProblem } from "./http-answer.ts";
import { readBody } from "./http-body.ts";
import { assertedVisitor, httpVisitor, type HttpVisitors } from "./http-visitor.ts";
import { checkRequest, type OwnNames, sessionCookie } from "./request-rules.ts";
import { type RestRoute, restRoute } from "./rest-routes.ts";
import { type AnswerCall, answerRpc } from "./rpc.ts";
import type { Visitor } from "./visitor.ts";

/** What requests of the HTTP port are answered from. */
export interface HttpDesk extends HttpVisitors {
  readonly desk: Desk;
  readonly names: OwnNames;
  readonly log: Log;
}

const maxStrangerBytes = 64 * 1024;
/** What is so short cannot nest deep. */
const maxRestBytes = 1_024;

/** Answer one request (CAT-15, CAT-16). Never throws. */
export async function answerHttp(http: HttpDesk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client that breaks its request off is no error of ours.
  request.on("error", () => {});
  response.on("error", () => {});
  try {
    await exchange(http, request, response);
  } catch (error) {
    // What is left of the body is not waited for.
    if (!request.complete) response.setHeader("Connection", "close");
    sendProblem(response, faultOf(error) ?? unforeseen(error, http.log));
  }
}

async function exchange(http: HttpDesk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "", url = "" } = request;
  checkRequest(request, http.isTls, method !== "GET", http.names);
  const [path = "", query = ""] = url.split("?", 2);
  if (method === "POST" && path === "/rpc") return await answerRpcRequest(http, request, response);
  const route = restRoute(method, path, new URLSearchParams(query));
  if (!route) throw new WorkerError("NOT_SERVED", `there is nothing at ${method} ${path}`.slice(0, 200));
  await answerRest(http, route, request, response);
}

/** A single call that fails has its HTTP status; a batch says in its answers how each went. */
async function answerRpcRequest(http: HttpDesk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const assertion = request.headers["x-assertion"];
  const own = assertion === undefined ? httpVisitor(request, "https", http) : undefined;
  const body = await readBody(request, mostBytes(own));
  const signal = goneSignal(response);
  const answer: AnswerCall = async (method, params) => {
    try {
      // An assertion is for one call: a second one of a batch finds it used.
      const visitor = own ?? assertedVisitor(request, http, method, body);
      return await http.desk.answer({ method, params, signal }, visitor);
    } catch (error) {
      return { fault: faultOf(error) ?? unforeseen(error, http.log) };
    }
  };
  const { text, fault } = await answerRpc(body, answer);
  if (own) rememberInBrowser(http, request, response, own);
  if (text === undefined) sendNothing(response);
  else sendJson(response, fault?.status ?? 200, text);
}

async function answerRest(http: HttpDesk, route: RestRoute, request: IncomingMessage, response: ServerResponse) {
  const visitor = httpVisitor(request, "https", http);
  const call = "call" in route ? route.call : route.finish(jsonObject(await readBody(request, maxRestBytes)));
  const outcome = await http.desk.answer({ ...call, signal: goneSignal(response) }, visitor);
  if ("fault" in outcome) sendProblem(response, outcome.fault);
  else sendJson(response, 200, JSON.stringify(outcome.result));
}

/** A page keeps its session in a cookie no script can read. */
function rememberInBrowser(
  { isTls }: HttpDesk,
  { headers }: IncomingMessage,
  response: ServerResponse,
  { newToken }: Visitor,
): void {
  if (newToken !== undefined && headers.origin !== undefined)
    response.setHeader("Set-Cookie", sessionCookie(newToken, isTls));
}

/** A stranger has nothing to say but who it is. */
function mostBytes(visitor: Visitor | undefined): number {
  return visitor?.credential.kind === "none" ? maxStrangerBytes : maxMessageBytes;
}

function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("the client is gone")));
  return gone.signal;
}

/** The object in a body. @throws {WorkerError} REQUEST_UNFIT. */
export function jsonObject(body: Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (error) {
    throw new WorkerError("REQUEST_UNFIT", "the body is no JSON object", { cause: error });
  }
  throw new WorkerError("REQUEST_UNFIT", "the body is no JSON object");
}

function unforeseen(error: unknown, log: Log): Fault {
  const text = error instanceof Error ? (error.stack ?? error.message) : errorText(error);
  log.error("a request of the worker's API failed", { error: text });
  return { code: "INTERNAL", message: "the request failed; the worker's log says how", status: 500 };
}
