import { type Clock, errorText, type Log, systemClock } from "#core";
import type { AuditTrail } from "../audit/audit.ts";
import { ServerError } from "../errors.ts";
import { dropEntitlement, listEntitlements, putEntitlement, serverPlace, workerPlace } from "../store/entitlements.ts";
import type { Store } from "../store/store.ts";
import type { EntitlementTable } from "../store/tables.ts";
import { EntitlementFiles, type EntitlementFilesOptions } from "./entitlement-files.ts";
import { EntitlementNews } from "./entitlement-news.ts";
import { grantedBy, type HeldEntitlement, holdEntitlement, whyNotGranted } from "./held-entitlement.ts";
import type { Feature, Granted } from "./policy.ts";

/** What was changed in a file, or by another process in the database, counts after so long at most. */
const lookEveryMs = 1_000;

export interface EntitlementsOptions extends EntitlementFilesOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  /** What entitlements for this server are addressed to: the fingerprint of its authority's key. */
  readonly serverId: string;
  readonly log: Pick<Log, "info" | "warn" | "error">;
  readonly clock?: Pick<Clock, "now" | "sleep">;
}

/** The entitlements of a server: in its file, entered by its admins, or brought along by workers (CAT-98). Nobody is phoned. */
export class Entitlements {
  readonly serverId: string;
  readonly #options: EntitlementsOptions;
  readonly #clock: Pick<Clock, "now" | "sleep">;
  readonly #files: EntitlementFiles;
  readonly #news: EntitlementNews;
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  /** Of its file and those that were entered, by place. */
  #ofServer: ReadonlyMap<string, HeldEntitlement> = new Map();
  readonly #ofWorkers = new Map<string, HeldEntitlement>();
  /** Only one at a time changes what is held. */
  #last: Promise<unknown> = Promise.resolve();
  #following: Promise<void> = Promise.resolve();
  #trouble: string | undefined;

  constructor(options: EntitlementsOptions) {
    const { serverId, clock = systemClock } = options;
    this.serverId = serverId;
    this.#options = options;
    this.#clock = clock;
    this.#files = new EntitlementFiles(options);
    this.#news = new EntitlementNews(options);
  }

  /** Those there are: of the server's file, entered at the server, and each worker's. */
  get held(): readonly HeldEntitlement[] {
    return [...this.#ofServer.values(), ...this.#ofWorkers.values()];
  }

  /** What is wrong with the files that were named, a line each. */
  get faults(): readonly string[] {
    return this.#files.faults;
  }

  /** Be told when others count than before. Of dates that pass nobody is told: they end nothing that is under way. */
  listen(changed: () => void): void {
    this.#listeners.add(changed);
  }

  /** What those of the server and those of one worker come to now; see {@link grantedBy}. */
  granted(workerId?: string, isOpen = false): Granted | undefined {
    return grantedBy(this.#about(workerId), this.#clock.now(), isOpen);
  }

  /** {@link whyNotGranted}. */
  why(feature: Feature, workerId?: string): string {
    return whyNotGranted(this.#about(workerId), feature, this.#clock.now());
  }

  /** Enter one for the server, in place of one with the same id. @throws {ServerError} ENTITLEMENT_REFUSED. */
  async enter(text: string, actor: string): Promise<HeldEntitlement> {
    const { store, audit } = this.#options;
    const row = { worker_id: null, text: text.trim(), entered_by: actor, entered_at: this.#clock.now(), told: "" };
    const judged = this.#judge({ ...row, place: "" });
    const { document, fault } = judged;
    if (!document || fault !== undefined)
      throw new ServerError("ENTITLEMENT_REFUSED", `the entitlement was not taken: ${fault ?? "it is none"}`);
    const { id, holder, notAfter, features } = document;
    await audit.record(actor, "entitlement.enter", id, { holder, notAfter, features });
    await putEntitlement(store, { ...row, place: serverPlace(id) });
    await this.look();
    return { ...judged, place: serverPlace(id) };
  }

  /** @throws {ServerError} ENTITLEMENT_NOT_FOUND: nobody has entered it, or it stands in a file. */
  async remove(id: string, actor: string): Promise<void> {
    const { store, audit } = this.#options;
    if (!(await dropEntitlement(store, serverPlace(id))))
      throw new ServerError("ENTITLEMENT_NOT_FOUND", `no entitlement ${id} was entered at this server`);
    await audit.record(actor, "entitlement.remove", id);
    await this.look();
  }

  /** What a worker has come with this time; undefined: nothing, and what it came with before counts no more. */
  async broughtBy(workerId: string, text: string | undefined): Promise<void> {
    await this.#alone(async () => {
      if (this.#ofWorkers.get(workerId)?.text === text) return;
      const { store } = this.#options;
      const place = workerPlace(workerId);
      if (text === undefined) {
        await dropEntitlement(store, place);
        this.#ofWorkers.delete(workerId);
      } else {
        const from = { entered_by: `worker:${workerId}`, entered_at: this.#clock.now(), told: "" };
        const row = { place, worker_id: workerId, text, ...from };
        await putEntitlement(store, row);
        this.#ofWorkers.set(workerId, await this.#told(this.#judge(row)));
      }
      this.#changed();
    });
  }

  /** Look at files and database now. */
  look(): Promise<void> {
    return this.#alone(async () => {
      if (await this.#files.look()) {
        for (const [workerId, held] of this.#ofWorkers) this.#ofWorkers.set(workerId, this.#judge(rowOf(held)));
        this.#ofServer = new Map();
        this.#changed();
      }
      await this.#hold(await listEntitlements(this.#options.store, "server"));
      for (const [workerId, held] of this.#ofWorkers) this.#ofWorkers.set(workerId, await this.#told(held));
    });
  }

  /** Read all there are, and follow them from now on. @throws what the database throws. */
  async open(): Promise<this> {
    const rows = await listEntitlements(this.#options.store, "all");
    for (const row of rows) if (row.worker_id !== null) this.#ofWorkers.set(row.worker_id, this.#judge(row));
    await this.look();
    this.#following = this.#follow();
    return this;
  }

  async close(): Promise<void> {
    this.#stopping.abort(new Error("the server stops"));
    await this.#following;
    await this.#last;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#clock.sleep(lookEveryMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.look().then(
        () => (this.#trouble = undefined),
        (error: unknown) => this.#isInTrouble(errorText(error)),
      );
    }
  }

  /** A database that is away for long is one line, not one a second; what was held counts meanwhile (CAT-99). */
  #isInTrouble(trouble: string): void {
    if (trouble !== this.#trouble) this.#options.log.warn("entitlements were not looked at", { error: trouble });
    this.#trouble = trouble;
  }

  async #hold(entered: readonly EntitlementTable[]): Promise<void> {
    const before = this.#ofServer;
    const held = new Map<string, HeldEntitlement>();
    for (const row of [...this.#inFile(), ...entered]) {
      const known = before.get(row.place);
      held.set(row.place, await this.#told(known?.text === row.text ? { ...known, told: row.told } : this.#judge(row)));
    }
    this.#ofServer = held;
    const isSame =
      held.size === before.size && [...held].every(([place, { text }]) => before.get(place)?.text === text);
    if (!isSame) this.#changed();
  }

  #inFile(): EntitlementTable[] {
    const { text } = this.#files;
    if (text === undefined) return [];
    const { told = "", entered_at = this.#clock.now() } = this.#ofServer.get("file") ?? {};
    return [{ place: "file", worker_id: null, text, entered_by: "server", entered_at, told }];
  }

  #about(workerId: string | undefined): HeldEntitlement[] {
    const own = workerId === undefined ? undefined : this.#ofWorkers.get(workerId);
    return [...this.#ofServer.values(), ...(own ? [own] : [])];
  }

  #judge(row: EntitlementTable): HeldEntitlement {
    return holdEntitlement(row, { keys: this.#files.keys, audience: this.serverId });
  }

  #told(held: HeldEntitlement): Promise<HeldEntitlement> {
    return this.#news.tell(held, this.#clock.now());
  }

  #changed(): void {
    for (const changed of this.#listeners) changed();
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    await mine;
  }
}

function rowOf({ workerId, document: _document, fault: _fault, ...row }: HeldEntitlement): EntitlementTable {
  return { ...row, worker_id: workerId ?? null };
}
