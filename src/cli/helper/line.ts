import { connect } from "node:net";
import { errorText, LineReader } from "#core";
import { faultOfRpcError, type JsonObject, maxMessageBytes, RemoteError } from "#fleet";
import { CliError } from "../errors.ts";
import { agentFor } from "../server/agent.ts";
import type { Trust } from "../server/trust.ts";
import { messagesOf, openWebSocket, UpgradeRefused } from "../server/web-socket.ts";

/** Where a helper finds its worker, and what it shows there. */
export type WorkerAddress =
  /** A socket of this machine. Without a token whoever may open it is known by that. */
  | { readonly kind: "socket"; readonly path: string; readonly token?: string }
  /** The worker's HTTPS port. */
  | { readonly kind: "https"; readonly url: URL; readonly token: string; readonly trust: Trust };

/** A connection to the worker: calls go out, answers come in any order. */
export interface Line {
  /** @throws {RemoteError} what the worker refused. @throws {LineLost} the answer will not come. */
  call(method: string, params: JsonObject): Promise<unknown>;
  /** Fires when it is over. */
  readonly over: AbortSignal;
  close(): void;
}

/** The connection to the worker is gone. What was asked may have been done. */
export class LineLost extends Error {
  override readonly name = "LineLost";
}

/** @throws {LineLost} nobody is there. @throws {RemoteError | CliError} who is there does not want us. */
export async function openLine(address: WorkerAddress, signal: AbortSignal): Promise<Line> {
  return address.kind === "socket" ? await openSocketLine(address.path, signal) : await openStreamLine(address, signal);
}

interface Answer {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: Parameters<typeof faultOfRpcError>[0];
}

/** What both kinds of connection share: which answer belongs to which call. */
class Calls implements Line {
  readonly #send: (text: string) => void;
  readonly #end: () => void;
  readonly #waiting = new Map<string, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  readonly #over = new AbortController();
  #last = 0;

  constructor(send: (text: string) => void, end: () => void) {
    this.#send = send;
    this.#end = end;
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  call(method: string, params: JsonObject): Promise<unknown> {
    if (this.#over.signal.aborted) return Promise.reject(this.#over.signal.reason as Error);
    const id = String(++this.#last);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  take(text: string): void {
    const { id, result, error } = JSON.parse(text) as Answer;
    const waiting = typeof id === "string" ? this.#waiting.get(id) : undefined;
    // Nobody asked: a notice, or the refusal of a message that could not be read.
    if (typeof id !== "string" || !waiting) return;
    this.#waiting.delete(id);
    if (error) waiting.reject(new RemoteError(faultOfRpcError(error)));
    else waiting.resolve(result);
  }

  lost(why: string): void {
    if (this.#over.signal.aborted) return;
    const error = new LineLost(why);
    this.#over.abort(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#end();
  }

  close(): void {
    this.lost("closed");
  }
}

async function openSocketLine(path: string, signal: AbortSignal): Promise<Line> {
  const socket = connect({ path });
  const abort = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  } catch (error) {
    throw new LineLost(errorText(error), { cause: error });
  } finally {
    signal.removeEventListener("abort", abort);
  }
  const calls = new Calls(
    (text) => socket.write(`${text}\n`),
    () => socket.destroy(),
  );
  const lines = new LineReader(maxMessageBytes * 2);
  socket.on("error", () => {});
  socket.on("close", () => calls.lost("the worker hung up"));
  socket.on("data", (chunk) => {
    lines.push(chunk);
    for (let line = lines.next(); line; line = lines.next()) calls.take(line.toString());
    if (lines.tooLong) calls.lost("the worker answered with too much");
  });
  return calls;
}

async function openStreamLine(
  { url, token, trust }: Extract<WorkerAddress, { kind: "https" }>,
  signal: AbortSignal,
): Promise<Line> {
  const place = new URL("/rpc/stream", url);
  const webSocket = await openWebSocket(
    place,
    agentFor(url, trust),
    { Authorization: `Bearer ${token}` },
    signal,
  ).catch((error: unknown) => {
    throw refusal(error, url);
  });
  const calls = new Calls(
    (text) => webSocket.send(text, () => {}),
    () => webSocket.terminate(),
  );
  webSocket.on("error", () => {});
  webSocket.on("close", () => calls.lost("the worker hung up"));
  void hear(calls, messagesOf(webSocket, calls.over)).catch((error: unknown) => calls.lost(errorText(error)));
  return calls;
}

async function hear(calls: Calls, messages: ReturnType<typeof messagesOf>): Promise<void> {
  for await (const { data } of messages) calls.take(data.toString());
}

/** Who answers something else than yes will do so again; who does not answer may come back. */
function refusal(error: unknown, url: URL): Error {
  if (error instanceof UpgradeRefused && (error.answer.statusCode ?? 500) < 500)
    return new CliError(
      "HELPER_SENT_AWAY",
      `the worker at ${url.host} lets this helper in no (more): ${error.message}`,
      {
        cause: error,
        remedy: "`farhand helper-token list` there shows which tokens are good",
      },
    );
  return error instanceof CliError && error.code === "USAGE" ? error : new LineLost(errorText(error), { cause: error });
}
