import type { Level } from "#fleet";
import { includesLevel } from "#fleet";
import type { Access } from "../auth/access.ts";
import { type Caller, callerLevel } from "../auth/callers.ts";
import { ServerError } from "../errors.ts";
import type { Worker } from "../registry/worker.ts";
import type { User } from "../store/users.ts";

/** Something that goes on for a caller: a request that is being answered, a stream, a WebSocket. */
export interface OpenCall {
  readonly caller: Caller;
  /** Under which connection handle. */
  readonly handle?: string;
  /** On which worker, and what the caller must be allowed there. */
  readonly worker?: Pick<Worker, "id">;
  readonly level: Level;
  /** It is over now. */
  cut(why: Error): void;
}

export interface OpenCallsOptions {
  readonly access: Pick<Access, "sessions" | "apiTokens" | "accounts">;
  /** @throws when it is not there any more. */
  readonly findWorker: (id: string) => Promise<Pick<Worker, "labels">>;
  readonly perSession: number;
}

interface Entry extends OpenCall {
  used: boolean;
}

/** What goes on, under whom, so that it ends when what it rests on does (CAT-59, CAT-67). */
export class OpenCalls {
  readonly #options: OpenCallsOptions;
  readonly #bySession = new Map<string, Set<Entry>>();
  #endings = 0;

  constructor(options: OpenCallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return [...this.#bySession.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Grows with each ending that was told here: who is on the way in meanwhile may rest on what has ended. */
  get endings(): number {
    return this.#endings;
  }

  /** @throws {ServerError} CALLS_FULL. */
  add(call: OpenCall): { readonly used: () => void; readonly leave: () => void } {
    const id = referenceOf(call.caller);
    const own = this.#bySession.get(id) ?? new Set();
    if (own.size >= this.#options.perSession)
      throw new ServerError("CALLS_FULL", `${own.size} calls and streams are open under this session`);
    const entry = { ...call, cut: call.cut.bind(call), used: false };
    this.#bySession.set(id, own.add(entry));
    return {
      used: () => void (entry.used = true),
      leave: () => {
        own.delete(entry);
        if (own.size === 0 && this.#bySession.get(id) === own) this.#bySession.delete(id);
      },
    };
  }

  /** A session or API token is over. */
  cutSession(id: string, cause: string): void {
    this.#endings++;
    this.#cut(this.#bySession.get(id) ?? [], new ServerError("SESSION_CUT", `the session is over: ${cause}`));
  }

  cutHandle(session: string, handle: string): void {
    this.#endings++;
    const under = [...(this.#bySession.get(session) ?? [])].filter((entry) => entry.handle === handle);
    this.#cut(under, new ServerError("HANDLE_REFUSED", "the connection it was opened under is closed"));
  }

  cutWorker(workerId: string): void {
    this.#endings++;
    const under = this.#all().filter(({ worker }) => worker?.id === workerId);
    this.#cut(under, new ServerError("WORKER_NOT_FOUND", "the worker was removed"));
  }

  /** The server stops. */
  cutAll(): void {
    this.#cut(this.#all(), new ServerError("SERVER_STOPPING", "the server stops"));
  }

  /**
   * Ask whether all of it may go on: what ended through another server was not told here.
   *
   * @throws what the database throws; then nothing was cut.
   */
  async recheck(): Promise<void> {
    await this.#touch();
    const { sessions, apiTokens, accounts } = this.#options.access;
    // Of these alone the answers tell: others may begin meanwhile.
    const asked = { session: this.#ids("session"), token: this.#ids("token") };
    const [alive, aliveTokens] = await Promise.all([sessions.alive(asked.session), apiTokens.alive(asked.token)]);
    for (const id of [...asked.session, ...asked.token])
      if (!alive.has(id) && !aliveTokens.has(id)) this.cutSession(id, "it has ended");
    const ask = { user: once((id) => accounts.get(id)), worker: once(this.#options.findWorker) };
    for (const entry of this.#all()) if (!(await mayStill(entry, ask))) this.#cut([entry], lostRights());
  }

  /** A session under which bytes flow is in use. */
  async #touch(): Promise<void> {
    for (const [id, entries] of this.#bySession) {
      const used = [...entries].filter((entry) => entry.used && entry.caller.kind === "session");
      for (const entry of used) entry.used = false;
      if (used.length > 0) await this.#options.access.sessions.touch(id);
    }
  }

  #ids(kind: Caller["kind"]): string[] {
    const ofKind = this.#all().filter(({ caller }) => caller.kind === kind);
    return [...new Set(ofKind.map(({ caller }) => referenceOf(caller)))];
  }

  #all(): Entry[] {
    return [...this.#bySession.values()].flatMap((entries) => [...entries]);
  }

  #cut(entries: Iterable<Entry>, why: ServerError): void {
    for (const entry of [...entries]) entry.cut(why);
  }
}

interface Ask {
  user(id: string): Promise<User>;
  worker(id: string): Promise<Pick<Worker, "labels">>;
}

/** Many calls are of the same user, on the same worker: each is asked for once. */
function once<T>(ask: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (id) => {
    const answer = asked.get(id) ?? ask(id);
    asked.set(id, answer);
    return answer;
  };
}

async function mayStill({ caller, worker, level }: OpenCall, ask: Ask): Promise<boolean> {
  try {
    const user = await ask.user(caller.user.id);
    if (user.disabled) return false;
    if (!worker) return true;
    const { labels } = await ask.worker(worker.id);
    return includesLevel(callerLevel({ ...caller, user }, "workers", labels), level);
  } catch (error) {
    if (error instanceof ServerError && error.status === 404) return false;
    throw error;
  }
}

const lostRights = (): ServerError => new ServerError("SESSION_CUT", "the rights it was opened with are gone");

/** Id of the session or API token: by it endings and the lines to workers know it. */
export function referenceOf(caller: Caller): string {
  return caller.kind === "session" ? caller.session.id : caller.token.id;
}
