import { type Clock, systemClock } from "#core";
import { workerFingerprint } from "#fleet";
import type { AuditTrail } from "../audit/audit.ts";
import { Sparing } from "../api/sparing.ts";
import { ServerError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import type { WorkerTable } from "../store/tables.ts";
import { insertWorkerEvents } from "../store/worker-events.ts";
import { offersOf, storeOffer } from "../store/worker-offers.ts";
import { findWorker, findWorkerNamed, listWorkers, lockWorker, updateWorker } from "../store/workers.ts";
import { type Arrival, type Arrived, enrolling, RegistrationRefused, returning, vouchedFor } from "./entry.ts";
import { ForwardKeys } from "./forward-keys.ts";
import { type Labels, labelsFault, parseLabels } from "./labels.ts";
import { Nonces } from "./nonces.ts";
import { type Registration, type RegistrationRequest, requireRegistration } from "./registration.ts";
import { type Worker, type WorkerOffer, workerOf } from "./worker.ts";

/** What the registry asks and tells about connected workers; see {@link Presence}. */
export interface Attendance {
  /** Whether an instance of it is connected. */
  isLive(workerId: string): boolean;
  joined(workerId: string, epoch: number): void;
  left(workerId: string): void;
}

export interface RegistryOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly attendance: Attendance;
  readonly clock?: Clock;
  /** Told when a person has given a worker other labels. */
  readonly labelled?: (workerId: string, before: Labels, after: Labels) => void;
}

/** The workers of this server: who they are, and how each shows that it is itself (spec CAT §4). */
export class Registry {
  readonly nonces: Nonces;
  /** What assertions for the workers are signed with. */
  readonly keys = new ForwardKeys();
  readonly #store: Store;
  readonly #audit: AuditTrail;
  readonly #attendance: Attendance;
  readonly #clock: Clock;
  readonly #labelled: RegistryOptions["labelled"];
  /** Registered a moment ago, and not yet connected in the eyes of {@link Attendance}. */
  readonly #arriving = new Set<string>();
  readonly #strangers = new Sparing(1_000, 1_000);

  constructor({ store, audit, attendance, clock = systemClock, labelled }: RegistryOptions) {
    this.#store = store;
    this.#audit = audit;
    this.#attendance = attendance;
    this.#clock = clock;
    this.#labelled = labelled;
    this.nonces = new Nonces(clock);
  }

  /**
   * Let a worker in: with a token the first time, with its key later.
   *
   * @param observed the address it comes from, as the connection says.
   * @throws {ServerError} REGISTRATION_INVALID, REGISTRATION_NONCE, REGISTRATION_REFUSED, ENROLMENT_REFUSED,
   * MACHINE_KNOWN, WORKER_DUPLICATE, WORKER_REMOVED. Each refusal is audited and noted with the worker it was about; of
   * strangers, one a second from each address.
   */
  async register(request: RegistrationRequest, observed: string): Promise<Registration> {
    requireRegistration(request);
    this.nonces.take(request.nonce);
    const arriving: string[] = [];
    try {
      const { row, how } = await this.#decide(request, observed, arriving);
      this.keys.set(row.id, row.epoch, request.secret);
      this.#attendance.joined(row.id, row.epoch);
      await this.#audit.record(`worker:${row.id}`, "worker.register", row.id, { how, observed, epoch: row.epoch });
      return registrationOf(row, this.#clock.now());
    } catch (error) {
      if (error instanceof ServerError && error.status < 500) await this.#refused(error, request, observed);
      throw error;
    } finally {
      for (const id of arriving) this.#arriving.delete(id);
    }
  }

  #decide(request: RegistrationRequest, observed: string, arriving: string[]): Promise<Arrived> {
    const isLive = (id: string): boolean => this.#arriving.has(id) || this.#attendance.isLive(id);
    return this.#store.db.transaction().execute(async (db) => {
      const now = this.#clock.now();
      const arrival = { db, request, observed, now, isLive };
      const arrived = await decided(arrival);
      const { id, epoch, state } = arrived.row;
      const { capabilities = [], helperSlots = 0 } = request;
      await storeOffer(db, { worker_id: id, capabilities: JSON.stringify(capabilities), helper_slots: helperSlots });
      // While the row is locked: whoever comes next for this id finds it taken.
      this.#arriving.add(id);
      arriving.push(id);
      const cause = `${arrived.how} from ${observed}, epoch ${epoch}`;
      await insertWorkerEvents(db, [{ worker_id: id, at: now, state, cause }]);
      return arrived;
    });
  }

  async #refused(error: ServerError, request: RegistrationRequest, observed: string): Promise<void> {
    const isKnown = error instanceof RegistrationRefused;
    // Of those whom nobody knows one a second from each address: anybody can be one, as often as they like.
    if (!isKnown && !this.#strangers.isDue(observed, this.#clock.elapsed())) return;
    const subject = isKnown ? error.workerId : (request.token?.id ?? "");
    await this.#audit.record("server", "worker.refused", subject, { code: error.code, observed, name: request.name });
    if (!isKnown) return;
    const row = await findWorker(this.#store.db, error.workerId);
    if (row) await this.#event(row, `refused a registration from ${observed}: ${error.message}`);
  }

  async #event({ id, state }: Pick<WorkerTable, "id" | "state">, cause: string): Promise<void> {
    await insertWorkerEvents(this.#store.db, [{ worker_id: id, at: this.#clock.now(), state, cause }]);
  }

  /** By id or name. @throws {ServerError} WORKER_NOT_FOUND; removed ones are not found. */
  async find(idOrName: string): Promise<Worker> {
    const { db } = this.#store;
    const row = (await findWorker(db, idOrName)) ?? (await findWorkerNamed(db, idOrName));
    if (!row || row.state === "removed") throw notFound(idOrName);
    return workerOf(row);
  }

  /** Of the key that a worker has, as people compare it. @throws {ServerError} WORKER_NOT_FOUND. */
  async fingerprint(id: string): Promise<string> {
    const row = await findWorker(this.#store.db, id);
    if (!row) throw notFound(id);
    return workerFingerprint(row.public_key);
  }

  /** In the order of their names, those behind `after`. */
  async list(after?: string, limit?: number): Promise<Worker[]> {
    return (await listWorkers(this.#store.db, after, limit)).map(workerOf);
  }

  /** What workers say they can do, by id (CAT-32). */
  async offers(workerIds: readonly string[]): Promise<ReadonlyMap<string, WorkerOffer>> {
    const rows = await offersOf(this.#store.db, workerIds);
    return new Map(
      rows.map((row) => [
        row.worker_id,
        { capabilities: JSON.parse(row.capabilities) as string[], helperSlots: row.helper_slots },
      ]),
    );
  }

  /**
   * Send a worker away (CAT-41): it does not get in again by its key. Its history stays, its name is free.
   * Streams to it are cut by whoever is told by {@link Attendance}.
   */
  async remove(id: string, actor: string): Promise<void> {
    const worker = await this.find(id);
    await this.#audit.record(actor, "worker.remove", worker.id, { name: worker.name });
    const cause = `removed by ${actor}`;
    await this.#store.db.transaction().execute(async (db) => {
      const row = await lockWorker(db, worker.id);
      if (!row || row.state === "removed") throw notFound(id);
      // `~` is in no name that a worker can have. The node id stays its own: its certificate outlives it.
      const freed = { name: `${row.name}~${row.id}` };
      const at = this.#clock.now();
      await updateWorker(db, row.id, { ...freed, state: "removed", cause, state_since: at });
      await insertWorkerEvents(db, [{ worker_id: row.id, at, state: "removed", cause }]);
    });
    this.keys.forget(worker.id);
    this.#attendance.left(worker.id);
  }

  /** Add to what happened to a worker. */
  async note(id: string, what: string): Promise<void> {
    const row = await findWorker(this.#store.db, id);
    if (row) await this.#event(row, what);
  }

  /** What a person says the address is; null: none. The worker's own words never change it (CAT-40). */
  async setAddress(id: string, address: string | null, actor: string): Promise<void> {
    if (address !== null && !/^[\w.:[\]-]{1,255}$/.test(address))
      throw new ServerError("REGISTRATION_INVALID", "an address is a host name or address, and a port");
    await this.#change(id, { configured_address: address }, actor, "worker.address", { address });
  }

  /** Labels as people want them; a worker that registers again does not change them. */
  async setLabels(id: string, labels: Labels, actor: string): Promise<void> {
    const fault = labelsFault(labels);
    if (fault !== undefined) throw new ServerError("REGISTRATION_INVALID", `labels: ${fault}`);
    const before = await this.#change(id, { labels: JSON.stringify(labels) }, actor, "worker.labels", { labels });
    this.#labelled?.(before.id, before.labels, labels);
  }

  async #change(
    id: string,
    changed: Parameters<typeof updateWorker>[2],
    actor: string,
    action: string,
    detail: Parameters<AuditTrail["record"]>[3],
  ): Promise<Worker> {
    const worker = await this.find(id);
    await this.#audit.record(actor, action, worker.id, detail);
    if (!(await updateWorker(this.#store.db, worker.id, changed))) throw notFound(id);
    return worker;
  }
}

function decided(arrival: Arrival): Promise<Arrived> {
  const { token, grant, workerId = "" } = arrival.request;
  if (token) return enrolling(arrival, token);
  return grant ? vouchedFor(arrival, grant) : returning(arrival, workerId);
}

function registrationOf(row: WorkerTable, serverTime: number): Registration {
  const { id: workerId, name, node, epoch, labels } = row;
  return { workerId, name, node, epoch, labels: parseLabels(labels), serverTime };
}

const notFound = (id: string): ServerError => new ServerError("WORKER_NOT_FOUND", `there is no worker ${id}`);
