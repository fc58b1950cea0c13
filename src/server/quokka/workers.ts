import { randomBytes } from "node:crypto";
import type { Clock } from "#core";
import type { AuditTrail } from "../audit/audit.ts";
import { ServerError } from "../errors.ts";
import type { Health } from "../registry/health.ts";
import { type Labels, labelsFault } from "../registry/labels.ts";
import type { Presence } from "../registry/presence.ts";
import { dropQuokkaWorker, insertQuokkaWorker, quokkaWorkers } from "../store/quokka.ts";
import type { Store } from "../store/store.ts";
import { storeOffer } from "../store/worker-offers.ts";
import { insertWorkerEvents } from "../store/worker-events.ts";
import { insertWorker, storeStates } from "../store/workers.ts";
import type { QuokkaType } from "./command.ts";
import { quokkaPlace } from "./place.ts";

/** Their heartbeats are 30 s apart unless told otherwise; the original calls one dead after 90 s (spec §10). */
const beatsEveryMs = 30_000;
/** They never register: there is one epoch. */
const epoch = 1;

export interface QuokkaWorkersOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly presence: Pick<Presence, "joined" | "heard" | "beatsEvery" | "state">;
  readonly health: Pick<Health, "add">;
  readonly clock: Pick<Clock, "now">;
}

/** What an administrator says of one. */
export interface NewQuokkaWorker {
  /** Absent: serial and type. */
  readonly name?: string | undefined;
  readonly serial: string;
  readonly type: QuokkaType;
  /** Where it is: its requests come from there when that is an address, and its broker is there. */
  readonly host: string;
  readonly connection: "http" | "rabbitmq";
  readonly labels?: Labels | undefined;
}

export interface QuokkaWorker extends NewQuokkaWorker {
  readonly id: string;
}

/**
 * Workers that run the program of Quokka: rows of the same registry, of mode `quokka`. They have no key and cannot prove who
 * they are; they are known by serial and type, as an administrator has entered them, and by where they are.
 */
export class QuokkaWorkers {
  readonly #options: QuokkaWorkersOptions;
  readonly #byId = new Map<string, QuokkaWorker>();
  readonly #joined = new Set<string>();

  constructor(options: QuokkaWorkersOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    for (const row of await quokkaWorkers(this.#options.store.db)) {
      const { worker_id: id, serial, host } = row;
      const worker = { id, serial, host, type: row.worker_type as QuokkaType };
      this.#know({ ...worker, connection: row.connection === "rabbitmq" ? "rabbitmq" : "http" });
    }
  }

  get(workerId: string): QuokkaWorker | undefined {
    return this.#byId.get(workerId);
  }

  /** Undefined: nobody has entered it. */
  find(serial: string, type: string): QuokkaWorker | undefined {
    return [...this.#byId.values()].find((one) => one.serial === serial && one.type === type);
  }

  /** Whether any has this serial: packets say no more of whose they are. */
  knows(serial: string): boolean {
    return [...this.#byId.values()].some((one) => one.serial === serial);
  }

  /** @throws {ServerError} REGISTRATION_INVALID, QUOKKA_TAKEN. */
  async add(wanted: NewQuokkaWorker, actor: string): Promise<QuokkaWorker> {
    const { store, audit, clock } = this.#options;
    const { serial, type, host, connection, labels = {} } = wanted;
    if (!quokkaPlace(host))
      throw new ServerError("REGISTRATION_INVALID", "host: an address, or a name, with a port or without");
    const fault = labelsFault(labels);
    if (fault !== undefined) throw new ServerError("REGISTRATION_INVALID", `labels: ${fault}`);
    const id = randomBytes(16).toString("hex");
    const name = wanted.name ?? `${serial}-${type}`;
    await audit.record(actor, "worker.quokka", id, { name, serial, type, host, connection });
    const now = clock.now();
    const state = { state: "lost", cause: "not heard yet", state_since: now };
    const row = { id, name, node: `quokka-${id}`, public_key: `none/${id}`, machine_id: `quokka/${serial}`, ...state };
    await store.db.transaction().execute(async (db) => {
      const isNew =
        (await insertWorker(db, {
          ...row,
          ...{ instance: null, mode: "quokka", version: "", labels: JSON.stringify(labels), epoch, created_at: now },
          ...{ seen_at: null, reported_address: null, observed_address: null, configured_address: host },
          ...{ cloneable: 0, enrolment_id: "" },
        })) && (await insertQuokkaWorker(db, { worker_id: id, serial, worker_type: type, host, connection }));
      if (!isNew)
        throw new ServerError(
          "QUOKKA_TAKEN",
          `${serial} of type ${type} is there already, or the name ${name} is taken`,
        );
      await storeOffer(db, { worker_id: id, capabilities: JSON.stringify([type]), helper_slots: 0 });
      await insertWorkerEvents(db, [{ worker_id: id, at: now, state: "lost", cause: `entered by ${actor}` }]);
    });
    return this.#know({ id, serial, type, host, connection, name, labels });
  }

  /** A heartbeat has come. */
  async heard({ id }: QuokkaWorker, numbers: Readonly<Record<string, number>>): Promise<void> {
    const { store, presence, health, clock } = this.#options;
    if (!this.#joined.has(id)) {
      const before = presence.state(id)?.state;
      this.#joined.add(id);
      presence.joined(id, epoch);
      if (before !== "online") {
        const now = { state: "online", cause: "heard", at: clock.now() };
        await insertWorkerEvents(store.db, [{ worker_id: id, ...now }]);
        await storeStates(store.db, [{ id, state: now.state, cause: now.cause, state_since: now.at }]);
      }
    }
    presence.heard(id, epoch);
    health.add(id, numbers);
  }

  /** It was removed. */
  async forget(workerId: string): Promise<void> {
    this.#joined.delete(workerId);
    if (this.#byId.delete(workerId)) await dropQuokkaWorker(this.#options.store.db, workerId);
  }

  #know(worker: QuokkaWorker): QuokkaWorker {
    this.#byId.set(worker.id, worker);
    this.#options.presence.beatsEvery(worker.id, beatsEveryMs);
    return worker;
  }
}
