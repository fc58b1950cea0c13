import type { Duplex } from "node:stream";
import { errorText, timeLimit } from "#core";
import {
  configChanged,
  forward,
  type ForwardedResult,
  type JsonObject,
  sayWords,
  sessionEnded,
  signAssertion,
} from "#fleet";
import type { Mesh, MeshStream } from "#mesh";
import { ServerError } from "../errors.ts";
import type { Registry } from "../registry/registry.ts";
import { answerOn } from "./answer-on.ts";
import { Line, type LineContext } from "./line.ts";
import type { Members } from "./members.ts";
import { SessionScopes } from "./session-scopes.ts";
import type { Asker, WorkerLines, WorkerRequest, WorkerStream } from "./worker-lines.ts";

/** Service of the mesh, on the server and on each worker. */
export const fleetService = "fleet";
/** A worker answers within this time, or the call has failed; milliseconds. */
const answerMs = 60_000;
/** Workers that are told of the end of one session at most: those it has used. */
const toldWorkers = 1_000;

export interface LinesOptions extends LineContext {
  readonly mesh: Pick<Mesh, "dial" | "rejectNeighbour" | "roadTo" | "hasRoute">;
  readonly registry: Pick<Registry, "keys">;
  readonly members: Members;
  /** Name of the TLS profile that streams to workers are dialled with. */
  readonly tlsClient: string;
}

/** The lines to all connected workers. */
export class Lines implements WorkerLines {
  readonly #options: LinesOptions;
  readonly #lines = new Map<string, Line>();
  readonly #scopes = new SessionScopes();
  /** Which workers a session has used. */
  readonly #used = new Map<string, Set<string>>();
  readonly #streams = new Map<string, Set<Duplex>>();

  constructor(options: LinesOptions) {
    this.#options = options;
  }

  /** A worker has opened its conversation; its certificate has proved the node. */
  accept(stream: MeshStream): void {
    const workerId = this.#options.members.workerOf(stream.remoteNode);
    if (workerId === undefined) {
      this.#options.log.warn(`refused the conversation of ${stream.remoteNode}: it is no worker of this server`);
      stream.destroy();
      return;
    }
    const line = this.#lineOf(workerId, stream.remoteNode);
    this.#lines.set(workerId, line);
    void line.attach(stream, this.#options.mesh.roadTo(stream.remoteNode) ?? "another node");
  }

  /** Its line; a new one when the worker has taken another's place, whose links end. */
  #lineOf(workerId: string, node: string): Line {
    const known = this.#lines.get(workerId);
    if (known?.node === node) return known;
    if (known) {
      known.close();
      this.#options.mesh.rejectNeighbour(known.node, "another worker has taken its place");
    }
    // Its streams would find out by silence only, half a minute later.
    return new Line(workerId, node, this.#options, () => this.#breakStreams(workerId, "the worker was started anew"));
  }

  isConnected(workerId: string): boolean {
    return this.#lines.get(workerId)?.conversation.isConnected ?? false;
  }

  async call(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<unknown> {
    const { conversation } = this.#line(workerId);
    const scope = this.#enter(workerId, asker, signal);
    try {
      const body = JSON.stringify(request);
      const assertion = this.#assert(workerId, request.method, body, asker);
      const options = { signal: scope.signal, timeoutMs: answerMs };
      const { result }: ForwardedResult = await conversation.call(forward, { assertion, body }, options);
      return result;
    } finally {
      scope.leave();
    }
  }

  async open(workerId: string, request: WorkerRequest, asker: Asker, signal: AbortSignal): Promise<WorkerStream> {
    const { node } = this.#line(workerId);
    const scope = this.#enter(workerId, asker, signal);
    try {
      const stream = await this.#dial(node, scope.signal);
      this.#watch(workerId, stream, scope);
      const body = JSON.stringify(request);
      sayWords(stream, { assertion: this.#assert(workerId, "stream.open", body, asker), body });
      return { result: await answerOn(stream, timeLimit(answerMs, scope.signal)), stream };
    } catch (error) {
      scope.leave();
      throw error;
    }
  }

  async submit(
    workerId: string,
    params: JsonObject,
    payload: AsyncIterable<Uint8Array>,
    asker: Asker,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { stream } = await this.open(workerId, { method: "units.submit", params }, asker, signal);
    try {
      const answer = answerOn(stream, signal);
      // It is looked at below; a payload that breaks off comes first.
      answer.catch(() => {});
      await send(payload, stream);
      return await answer;
    } finally {
      // Before the payload's end this takes it back: the worker ends the unit as INPUT_FAILED.
      stream.destroy();
    }
  }

  cut(session: string, reason: string): void {
    this.#scopes.cut(session, new ServerError("SESSION_CUT", `the session is over: ${reason}`));
    for (const workerId of this.#used.get(session) ?? [])
      void this.#lines
        .get(workerId)
        ?.conversation.notify(sessionEnded, { session, reason: reason.slice(0, 200) })
        .catch(() => {});
    this.#used.delete(session);
  }

  /** There is a new version of a configuration: workers ask for theirs. Who is away asks when it comes back. */
  configChanged(name: string, version: number): void {
    for (const { conversation } of this.#lines.values())
      if (conversation.isConnected) void conversation.notify(configChanged, { name, version }).catch(() => {});
  }

  /** The worker was removed: nothing of it stays, now (CAT-41). */
  remove(workerId: string): void {
    const node = this.#options.members.remove(workerId);
    this.#lines.get(workerId)?.close();
    this.#lines.delete(workerId);
    this.#breakStreams(workerId, "the worker was removed");
    if (node !== undefined) this.#options.mesh.rejectNeighbour(node, "the worker was removed");
  }

  close(): void {
    for (const line of this.#lines.values()) line.close();
  }

  #breakStreams(workerId: string, why: string): void {
    for (const stream of this.#streams.get(workerId) ?? []) stream.destroy(new ServerError("WORKER_UNREACHABLE", why));
  }

  #line(workerId: string): Line {
    const line = this.#lines.get(workerId);
    // A conversation that was cut a moment ago is on its way back as long as its node can be reached: then it is waited for.
    if (line && (line.conversation.isConnected || this.#options.mesh.hasRoute(line.node))) return line;
    throw new ServerError("WORKER_AWAY", `the worker ${workerId} is not connected`);
  }

  #enter(workerId: string, { session }: Asker, signal: AbortSignal) {
    const used = this.#used.get(session) ?? new Set();
    if (used.size < toldWorkers) this.#used.set(session, used.add(workerId));
    return this.#scopes.enter(session, signal);
  }

  #assert(workerId: string, method: string, body: string, asker: Asker): string {
    const { epoch, key } = this.#options.registry.keys.get(workerId);
    const { session: sid, userId: sub, name, roles, level: max, methods: amr, loggedInAt: auth, entitled: ent } = asker;
    const { request: jti, source: src, connection: con } = asker;
    const told = { ...(src !== undefined && { src }), ...(con !== undefined && { con }) };
    const more = { ...(ent && { ent }), ...told, ...(jti !== undefined && { jti }) };
    const claims = { aud: workerId, epoch, sid, sub, name, roles, max, amr, auth, m: method, ...more };
    return signAssertion(claims, Buffer.from(body), key, this.#options.steady.now());
  }

  async #dial(node: string, signal: AbortSignal): Promise<MeshStream> {
    try {
      return await this.#options.mesh.dial(node, fleetService, { tls: this.#options.tlsClient, signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new ServerError("WORKER_UNREACHABLE", `no stream to the worker's node ${node}: ${errorText(error)}`);
    }
  }

  #watch(workerId: string, stream: Duplex, scope: ReturnType<SessionScopes["enter"]>): void {
    const streams = this.#streams.get(workerId) ?? new Set();
    this.#streams.set(workerId, streams.add(stream));
    const cut = (): void => void stream.destroy(asError(scope.signal.reason));
    scope.signal.addEventListener("abort", cut, { once: true });
    stream.once("close", () => {
      scope.signal.removeEventListener("abort", cut);
      scope.leave();
      streams.delete(stream);
      if (streams.size === 0) this.#streams.delete(workerId);
    });
  }
}

/** Send it all, or as much as the worker wants: one that has refused it says so on the same stream. */
async function send(payload: AsyncIterable<Uint8Array>, stream: Duplex): Promise<void> {
  for await (const chunk of payload) {
    if (!stream.writable) return;
    if (!stream.write(chunk)) await drainedOrClosed(stream);
  }
  if (stream.writable) stream.end();
}

function drainedOrClosed(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off("drain", settle);
      stream.off("close", settle);
      resolve();
    };
    stream.on("drain", settle);
    stream.on("close", settle);
    if (stream.destroyed) settle();
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
