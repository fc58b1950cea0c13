import { type Clock, systemClock } from "#core";
import { isProof, workerFingerprint } from "#fleet";
import type { AuditTrail } from "../audit/audit.ts";
import { sourceKey } from "../auth/lock-out-keys.ts";
import { ServerError } from "../errors.ts";
import {
  decidePendingWorker,
  dropPendingWorkersBefore,
  findPendingWorker,
  insertPendingWorker,
  listPendingWorkers,
  touchPendingWorker,
} from "../store/pending-workers.ts";
import type { Store } from "../store/store.ts";
import type { PendingWorkerTable } from "../store/tables.ts";
import type { Grant } from "./entry.ts";
import { type Labels, labelsFault } from "./labels.ts";
import type { Nonces } from "./nonces.ts";
import type { RegistrationRequest } from "./registration.ts";
import { workerName } from "./worker-names.ts";

/** Anybody can ask, so few are kept, and not for long. Times in milliseconds. */
export interface PendingLimits {
  /** That wait at once; 0: nobody may come without a token. */
  readonly all: number;
  /** Of one address. */
  readonly ofSource: number;
  /** New ones within a minute. */
  readonly perMinute: number;
  /** One that has not asked for so long has given up. */
  readonly silentMs: number;
  /** How long a decision waits for its worker. */
  readonly decidedMs: number;
}

export const pendingLimits: PendingLimits = {
  all: 100,
  ofSource: 10,
  perMinute: 30,
  silentMs: 10 * 60_000,
  decidedMs: 60 * 60_000,
};

/** A worker that waits for a person's decision. What it says of itself is a claim; its fingerprint is proved. */
export interface PendingWorker {
  readonly fingerprint: string;
  readonly name: string;
  readonly hostName: string;
  readonly mode: string;
  /** Where it asks from. */
  readonly source: string;
  /** Since when, and when it asked last; milliseconds since 1970. */
  readonly createdAt: number;
  readonly askedAt: number;
}

/** What a person gives a worker with its approval. */
export interface Approval {
  /** In place of the name it is listed by. */
  readonly name?: string | undefined;
  /** They win over what it says of itself. */
  readonly labels?: Labels | undefined;
}

export interface PendingWorkersOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly nonces: Pick<Nonces, "take">;
  readonly clock?: Clock | undefined;
  readonly limits?: Partial<PendingLimits> | undefined;
  /** Told when another one waits, one has asked again, was decided about or has given up. */
  readonly changed?: () => void;
}

/**
 * Workers that come without a token (CAT-33). They get nothing: no entry, no certificate, no road, no word about the server.
 * Their key's fingerprint is kept until a person says that it is the one which the worker shows at its own place.
 */
export class PendingWorkers {
  readonly #options: PendingWorkersOptions;
  readonly #clock: Clock;
  readonly #limits: PendingLimits;
  /** When the newest came in, elapsed milliseconds. */
  #newest: number[] = [];

  constructor(options: PendingWorkersOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...pendingLimits, ...options.limits };
  }

  /**
   * A worker asks whether it may come in. The nonce is used up, unless it may: then its registration needs it.
   *
   * @throws {ServerError} ENROLMENT_PENDING; ENROLMENT_REFUSED; PENDING_FULL; REGISTRATION_NONCE, REGISTRATION_REFUSED.
   */
  async ask(request: RegistrationRequest, hostName: string, observed: string): Promise<Grant> {
    const fingerprint = workerFingerprint(request.publicKey);
    const known = await findPendingWorker(this.#options.store, fingerprint);
    if (known?.state === "approved") return grantOf(known);
    this.#requireOwn(request);
    if (known?.state === "rejected")
      throw new ServerError("ENROLMENT_REFUSED", "an administrator of the server does not want this worker");
    if (known) await touchPendingWorker(this.#options.store, fingerprint, this.#clock.now());
    else await this.#add(request, { fingerprint, hostName, observed });
    this.#options.changed?.();
    throw new ServerError("ENROLMENT_PENDING", `a person has to approve the worker ${fingerprint}`);
  }

  /** Those that wait for a decision. */
  async list(): Promise<PendingWorker[]> {
    return (await listPendingWorkers(this.#options.store)).map(pendingOf);
  }

  /** It may come in: the one with this key, the next time it asks. @throws {ServerError} PENDING_NOT_FOUND, ENROLMENT_INVALID. */
  async approve(fingerprint: string, { name, labels }: Approval, actor: string): Promise<void> {
    if (name !== undefined && workerName(name) !== name)
      throw new ServerError("ENROLMENT_INVALID", "name: letters, digits, `.`, `_` and `-`, 63 at most");
    const fault = labels && labelsFault(labels);
    if (fault !== undefined) throw new ServerError("ENROLMENT_INVALID", `labels: ${fault}`);
    const given = { given_name: name ?? null, given_labels: JSON.stringify(labels ?? {}) };
    await this.#decide(fingerprint, { state: "approved", ...given }, actor);
  }

  /** It may not. @throws {ServerError} PENDING_NOT_FOUND. */
  async reject(fingerprint: string, actor: string): Promise<void> {
    await this.#decide(fingerprint, { state: "rejected", given_name: null, given_labels: null }, actor);
  }

  /** Forget who has given up. */
  async sweep(): Promise<void> {
    const now = this.#clock.now();
    const { silentMs, decidedMs } = this.#limits;
    await dropPendingWorkersBefore(this.#options.store, { pending: now - silentMs, decided: now - decidedMs });
    this.#options.changed?.();
  }

  async #decide(
    fingerprint: string,
    decided: Pick<PendingWorkerTable, "state" | "given_name" | "given_labels">,
    actor: string,
  ): Promise<void> {
    const { store, audit } = this.#options;
    const action = decided.state === "approved" ? "worker.approve" : "worker.reject";
    const { given_name: name, given_labels: labels } = decided;
    await audit.record(actor, action, fingerprint, { name, labels: labels ?? "{}" });
    const row = { ...decided, decided_by: actor, asked_at: this.#clock.now() };
    if (!(await decidePendingWorker(store, fingerprint, row)))
      throw new ServerError("PENDING_NOT_FOUND", `no worker with the fingerprint ${fingerprint} waits to be let in`);
    this.#options.changed?.();
  }

  /** Whoever asks holds the key: else anybody could have another's key on the list. */
  #requireOwn({ nonce, signature, instance, secret, publicKey }: RegistrationRequest): void {
    this.#options.nonces.take(nonce);
    if (!isProof(signature, { nonce, workerId: "", instance, secret }, publicKey))
      throw new ServerError("REGISTRATION_REFUSED", "the registration is not signed with its key");
  }

  async #add(
    { name, mode }: RegistrationRequest,
    { fingerprint, hostName, observed }: { fingerprint: string; hostName: string; observed: string },
  ): Promise<void> {
    const { store, audit } = this.#options;
    const { all, ofSource } = this.#limits;
    const now = this.#clock.now();
    const times = { created_at: now, asked_at: now };
    const undecided = { state: "pending", decided_by: null, given_name: null, given_labels: null };
    const source = sourceKey(observed).replace(/^source:/, "");
    // As it would be given: who approves it approves that name.
    const row = { fingerprint, name: workerName(name), host_name: hostName, mode, source, ...times, ...undecided };
    const isTaken = this.#mayAdd() && (await insertPendingWorker(store, row, { all, ofSource }));
    if (!isTaken) throw new ServerError("PENDING_FULL", "too many workers wait to be let in; try again later");
    // Only now: else one address that is refused on and on would use up everybody's minute.
    this.#newest.push(this.#clock.elapsed());
    await audit.record("server", "worker.pending", fingerprint, { observed, name });
  }

  #mayAdd(): boolean {
    const now = this.#clock.elapsed();
    this.#newest = this.#newest.filter((at) => now - at < 60_000);
    return this.#newest.length < this.#limits.perMinute;
  }
}

/**
 * What it was seen to be, whatever it says by now; and a place of its own: the person saw neither the machine it claims to be
 * nor whose entry that would take.
 */
function grantOf({ fingerprint, name, given_name, given_labels: labels }: PendingWorkerTable): Grant {
  return { id: `ap-${fingerprint}`, name: given_name ?? name, labels: labels ?? "{}", cloneable: 0, may_replace: 0 };
}

function pendingOf(row: PendingWorkerTable): PendingWorker {
  const { fingerprint, name, host_name: hostName, mode, source, created_at: createdAt, asked_at: askedAt } = row;
  return { fingerprint, name, hostName, mode, source, createdAt, askedAt };
}
