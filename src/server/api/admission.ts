import type { Clock, Log } from "#core";
import { errorText, FarhandError } from "#core";
import { FleetError, includesLevel, type Level } from "#fleet";
import type { AuditTrail } from "../audit/audit.ts";
import type { Access } from "../auth/access.ts";
import { type Caller, callerConfigLevel, callerLevel, checkStepUp } from "../auth/callers.ts";
import { usersOfConfig } from "../config/config-users.ts";
import { ServerError } from "../errors.ts";
import { type Worker, workerOf } from "../registry/worker.ts";
import type { Store } from "../store/store.ts";
import { findWorker, findWorkerNamed } from "../store/workers.ts";
import type { Admitted } from "./call.ts";
import type { Connections } from "./connections.ts";
import { referenceOf } from "./open-calls.ts";
import type { MoreNeeds, Route } from "./route.ts";
import { Sparing } from "./sparing.ts";
import type { Traces } from "./traces.ts";

/** What a request shows of who sends it. */
export interface Shown {
  readonly credential: string | undefined;
  readonly viaCookie: boolean;
  /** Connection handle. */
  readonly connection: string | undefined;
}

export interface AdmissionOptions {
  readonly store: Store;
  readonly access: Pick<Access, "callers">;
  readonly audit: AuditTrail;
  readonly connections: Connections;
  readonly traces: Pick<Traces, "note" | "look">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Pick<Log, "warn">;
  /** The policy file's word on whether this may be done at all. */
  readonly isEntitled: (entitlement: string, caller: Caller, worker: Worker | undefined) => boolean;
}

/** Who sends a request, and what it rests on. */
export interface Known {
  readonly caller: Caller;
  readonly viaCookie: boolean;
}

/**
 * Who may do what, in the order of CAT-54: session, second factor, handle, account, level, entitlement, step-up. The first
 * that does not hold ends the request.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #strangers = new Sparing(60_000, 1_000);

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Session, second factor, account. @throws {ServerError} CREDENTIAL_MISSING, CREDENTIAL_INVALID, FACTOR_ENROLMENT_NEEDED. */
  async identify({ needs }: Route, { credential, viaCookie }: Shown): Promise<Known> {
    if (credential === undefined) throw new ServerError("CREDENTIAL_MISSING", "this needs a session or an API token");
    const enrolling = needs.kind === "session" && needs.enrolling === true;
    // Finds no user who is disabled.
    return { caller: await this.#options.access.callers.identify(credential, { enrolling }), viaCookie };
  }

  /**
   * What a known caller shows besides, and may do.
   *
   * @throws {ServerError} SESSION_NEEDED, HANDLE_REFUSED, WORKER_NOT_FOUND, NOT_ENTITLED, FACTOR_NEEDED.
   * @throws {FleetError} LEVEL_TOO_LOW.
   */
  async authorize(
    route: Route,
    known: Known,
    connection: string | undefined,
    { worker, name }: NamedByPath,
  ): Promise<Admitted> {
    const { needs, sensitive = false } = route;
    const { caller } = known;
    if (needs.kind === "session" && caller.kind !== "session")
      throw new ServerError("SESSION_NEEDED", "log in for that: an API token does not do");
    const { traces } = this.#options;
    traces.note(caller, "session");
    const handle = traces.look(caller, "connection", () => this.#handle(route, caller, connection));
    traces.note(caller, "request", undefined, `${route.method} ${route.path}`);
    const shown = { ...known, ...(handle !== undefined && { handle }) };
    const admitted =
      needs.kind === "worker"
        ? { ...shown, ...(await this.#visible(caller, worker)) }
        : { ...shown, level: await this.#levelFor(needs, caller, name) };
    this.require(route, admitted, { level: "level" in needs ? needs.level : "none", sensitive });
    return admitted;
  }

  async #levelFor(needs: Route["needs"], caller: Caller, name: string): Promise<Level> {
    if (needs.kind === "area") return callerLevel(caller, needs.area);
    return needs.kind === "config" ? await configLevelOf(this.#options.store, caller, name) : "none";
  }

  #handle(route: Route, caller: Caller, connection: string | undefined): string | undefined {
    if (connection !== undefined) return this.#options.connections.require(connection, referenceOf(caller));
    if (route.connection && caller.kind === "session")
      throw new ServerError("HANDLE_REFUSED", "this needs an open connection (`X-Connection`)");
    return undefined;
  }

  /** Level, entitlement, step-up. Throws as {@link authorize} does. */
  require(route: Route, { caller, worker, level }: Admitted, needs: MoreNeeds): void {
    const { traces, isEntitled, clock } = this.#options;
    traces.look(caller, "level", () => requireLevel(level, needs.level));
    const { entitlement } = route;
    if (entitlement !== undefined)
      traces.look(caller, "entitlement", () => {
        if (isEntitled(entitlement, caller, worker)) return;
        throw new ServerError("NOT_ENTITLED", `the policy of this server does not include ${entitlement}`);
      });
    if (needs.sensitive) traces.look(caller, "step-up", () => checkStepUp(caller, clock.now()));
  }

  /** The worker of this id or name, if the caller may see it: unknown and forbidden ones take the same way (CAT-51). */
  async #visible(caller: Caller, idOrName: string): Promise<{ readonly worker: Worker; readonly level: Level }> {
    const { db } = this.#options.store;
    const byId = await findWorker(db, idOrName);
    const byName = await findWorkerNamed(db, idOrName);
    const row = byId ?? byName;
    const level = callerLevel(caller, "workers", row ? workerOf(row).labels : {});
    if (!row || row.state === "removed" || level === "none") {
      const unknown = new ServerError("WORKER_NOT_FOUND", "there is no such worker");
      this.#options.traces.note(caller, "level", unknown);
      throw unknown;
    }
    return { worker: workerOf(row), level };
  }

  /**
   * Why somebody was sent away goes to the audit; the answer does not wait for it. Of those whom nobody knows, one a minute
   * from each address.
   */
  refused(error: unknown, caller: Caller | undefined, route: Route, { subject, source }: RefusedAt): void {
    if (!(error instanceof FarhandError) || error.status >= 500) return;
    if (!caller && (error.code === "CREDENTIAL_MISSING" || !this.#strangers.isDue(source))) return;
    const detail = { code: error.code, route: `${route.method} ${route.path}`, source };
    this.#options.audit
      .record(caller?.user.id ?? "server", "api.refused", subject.slice(0, 255), detail)
      .catch((reason: unknown) => this.#options.log.warn("a refusal was not audited", { error: errorText(reason) }));
  }
}

/** What a path names. */
export interface NamedByPath {
  /** Id or name of a worker. */
  readonly worker: string;
  /** Of a configuration. */
  readonly name: string;
}

/** What a caller may do with a configuration, by the workers that go by it now (CAT-81). */
export async function configLevelOf(store: Store, caller: Caller, name: string): Promise<Level> {
  const users = await usersOfConfig(store, name);
  return callerConfigLevel(
    caller,
    name,
    users.map(({ labels }) => labels),
  );
}

/** What somebody was sent away from, and where they came from. */
export interface RefusedAt {
  readonly subject: string;
  readonly source: string;
}

export function requireLevel(held: Level, needed: Level): void {
  if (!includesLevel(held, needed))
    throw new FleetError("LEVEL_TOO_LOW", `this needs the level ${needed}, and you have ${held}`);
}
