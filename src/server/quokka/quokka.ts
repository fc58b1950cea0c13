import { type Clock, errorText, type Log } from "#core";
import type { AuditTrail } from "../audit/audit.ts";
import type { WorkerLines } from "../line/worker-lines.ts";
import type { Health } from "../registry/health.ts";
import type { Presence } from "../registry/presence.ts";
import type { Store } from "../store/store.ts";
import type { UnitIndex } from "../units/unit-index.ts";
import { openQuokkaListener, type QuokkaListener } from "./listener.ts";
import { QuokkaLines } from "./quokka-lines.ts";
import { QuokkaUnits } from "./quokka-units.ts";
import { QuokkaWorkers } from "./workers.ts";

/** The port for workers of Quokka. Without it there is none. */
export interface QuokkaSettings {
  readonly listen: { readonly host: string; readonly port: number };
  /** Addresses and networks whose requests are taken; absent: this machine's. */
  readonly allow?: readonly string[] | undefined;
  /** What workers are told to send results to, without a port; absent: where their heartbeats arrive. */
  readonly host?: string | undefined;
}

export interface QuokkaOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly presence: Presence;
  readonly health: Health;
  readonly index: UnitIndex;
  /** For what comes of their work. */
  readonly folder: string;
  readonly settings: QuokkaSettings | undefined;
  /** Absent: 30 days. */
  readonly keptMs?: number | undefined;
  /** Of all outputs together; absent: 4 GiB. */
  readonly maxStoredBytes?: number;
  readonly ages?: Pick<Clock, "now"> | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Workers that run the unmodified program of Quokka: its protocol on one side, our units on the other (decision 17). */
export class Quokka {
  readonly workers: QuokkaWorkers;
  readonly units: QuokkaUnits;
  readonly #options: QuokkaOptions;
  #listener: QuokkaListener | undefined;

  constructor(options: QuokkaOptions) {
    this.#options = options;
    this.workers = new QuokkaWorkers(options);
    const { settings, ...rest } = options;
    this.units = new QuokkaUnits({ ...rest, workers: this.workers, host: settings?.host });
  }

  /** Where it listens, if it does. */
  get address(): { readonly host: string; readonly port: number } | undefined {
    return this.#listener?.address;
  }

  /** @throws {ServerError} SETTINGS_INVALID, LISTEN_FAILED. */
  async open(): Promise<this> {
    const { settings, log } = this.#options;
    await this.workers.load();
    await this.units.load();
    if (settings)
      this.#listener = await openQuokkaListener({ ...settings, workers: this.workers, units: this.units, log });
    return this;
  }

  /** The same lines, on which these workers answer too. */
  linesBeside(lines: WorkerLines): WorkerLines {
    const { workers, units } = this;
    return new QuokkaLines({ lines, workers, units, store: this.#options.store });
  }

  /** A worker was removed; of others it does nothing. */
  removed(workerId: string): void {
    if (!this.workers.get(workerId)) return;
    Promise.all([this.units.forgetWorker(workerId), this.workers.forget(workerId)]).catch((error: unknown) =>
      this.#options.log.warn(`a removed worker was not forgotten: ${errorText(error)}`),
    );
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }
}
