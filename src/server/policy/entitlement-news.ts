import type { Log } from "#core";
import type { AuditTrail } from "../audit/audit.ts";
import { noteTold } from "../store/entitlements.ts";
import type { Store } from "../store/store.ts";
import { insertWorkerEvents } from "../store/worker-events.ts";
import { findWorker } from "../store/workers.ts";
import { endToTell, type HeldEntitlement } from "./held-entitlement.ts";

export interface EntitlementNewsOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly log: Pick<Log, "warn">;
}

/** Tells people once that an entitlement ends in less than fourteen days, and once that it has ended (CAT-99). */
export class EntitlementNews {
  readonly #options: EntitlementNewsOptions;

  constructor(options: EntitlementNewsOptions) {
    this.#options = options;
  }

  /** @returns the same, and what of it people have been told by now. */
  async tell(held: HeldEntitlement, now: number): Promise<HeldEntitlement> {
    const news = endToTell(held, now);
    if (news === held.told) return held;
    const { store } = this.#options;
    // One in a file has no row, and is told of by each start of each server.
    const isOurs = held.place === "file" || (await noteTold(store, held.place, held.told, news));
    if (isOurs && news !== "" && held.document) await this.#say(held, news, now);
    return { ...held, told: news };
  }

  async #say({ document, workerId, place }: HeldEntitlement, news: "ending" | "over", now: number): Promise<void> {
    if (!document) return;
    const { store, audit, log } = this.#options;
    const { id, holder, notAfter } = document;
    const at = new Date(notAfter).toISOString();
    const words = news === "over" ? `the entitlement ${id} has ended, at ${at}` : `the entitlement ${id} ends at ${at}`;
    log.warn(words, { holder, place });
    await audit.record("server", `entitlement.${news}`, workerId ?? id, { id, holder, notAfter });
    const worker = workerId === undefined ? undefined : await findWorker(store.db, workerId);
    if (!worker) return;
    await insertWorkerEvents(store.db, [
      { worker_id: worker.id, at: now, state: worker.state, cause: `entitlement: ${words} (CAT-99)` },
    ]);
  }
}
