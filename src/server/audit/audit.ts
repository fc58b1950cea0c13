import { type Clock, systemClock } from "#core";
import { ServerError } from "../errors.ts";
import { othersTurn } from "../registry/others-turn.ts";
import { appendAudit, auditEnds, type AuditHead, auditRows, type AuditRow, dropAuditBefore } from "../store/audit.ts";
import { storableText } from "../store/storable-text.ts";
import type { Store } from "../store/store.ts";
import type { JsonObject } from "#core";
import { type AuditEntry, type AuditFault, chainOnto, endFault, rowFault } from "./chain.ts";
import { plainDetail } from "./plain-detail.ts";

/** Rows of one transaction. */
const batchRows = 500;
/** Entries that wait for the database; more are refused, so that what must be audited does not happen unaudited. */
const maxWaiting = 10_000;
const pageRows = 1_000;
/** How long rows that need not be stored at once may wait for others. */
const gatherMs = 100;

/** Rows that are forgotten by one statement: it keeps others waiting. */
const droppedAtOnce = 20_000;

/** For whoever has something to record, and need not know more. */
export interface AuditTrail {
  /**
   * Resolves when the row is stored. `actor` is a user id, `worker:<id>` or `server`; `detail` must be free of secrets.
   *
   * @throws {ServerError} AUDIT_DETAIL at once, AUDIT_HEAD_LOST.
   */
  record(actor: string, action: string, subject: string, detail?: JsonObject): Promise<void>;
}

/** For what is noted afterwards. */
export interface LaterAudit {
  /**
   * As {@link AuditTrail.record}, for what has happened already and waits for nothing: rows gather for a moment, so that many cost the disk
   * one visit. They are stored before any row that is recorded later.
   */
  recordSoon(actor: string, action: string, subject: string, detail?: JsonObject): Promise<void>;
}

/** What {@link Audit.verify} found. */
export type AuditVerdict =
  | { readonly ok: true; readonly rows: number; readonly head: string }
  | ({ readonly ok: false } & AuditFault);

interface Waiting {
  readonly entry: AuditEntry;
  done: () => void;
  failed: (error: unknown) => void;
}

/** The audit: rows that are only ever added, each holding the hash of the one before (CAT-121). */
export class Audit implements AuditTrail, LaterAudit {
  readonly #store: Store;
  readonly #clock: Pick<Clock, "now">;
  #waiting: Waiting[] = [];
  #writing = false;
  #gathering: NodeJS.Timeout | undefined;

  constructor(store: Store, clock: Pick<Clock, "now"> = systemClock) {
    this.#store = store;
    this.#clock = clock;
  }

  async record(actor: string, action: string, subject: string, detail: JsonObject = {}): Promise<void> {
    await this.#add(actor, action, subject, detail, () => void this.#write());
  }

  async recordSoon(actor: string, action: string, subject: string, detail: JsonObject = {}): Promise<void> {
    await this.#add(actor, action, subject, detail, () => {
      this.#gathering ??= setTimeout(() => void this.#write(), gatherMs);
    });
  }

  /** Resolves when nothing waits any more: to be awaited before the database is closed. */
  async flush(): Promise<void> {
    const last = this.#waiting.at(-1);
    if (!last) return;
    await new Promise<void>((resolve) => {
      const { done, failed } = last;
      last.done = () => {
        done();
        resolve();
      };
      last.failed = (error) => {
        failed(error);
        resolve();
      };
      void this.#write();
    });
  }

  async #add(actor: string, action: string, subject: string, detail: JsonObject, begin: () => void): Promise<void> {
    // Before it is hashed: it must be read again as it was.
    const named = { actor: storableText(actor), action, subject: storableText(subject) };
    const entry = { at: this.#clock.now(), ...named, detail: plainDetail(detail) };
    if (this.#waiting.length >= maxWaiting)
      throw new ServerError("STORE_UNREACHABLE", "the database does not keep up with what is to be audited");
    await new Promise<void>((done, failed) => {
      this.#waiting.push({ entry, done, failed });
      begin();
    });
  }

  /** While one transaction is on its way the next entries gather: under load one of them stores many rows. */
  async #write(): Promise<void> {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#writing) return;
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchRows);
      const entries = batch.map(({ entry }) => entry);
      try {
        await appendAudit(this.#store, (head) => chainOnto(head, entries));
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#writing = false;
  }

  /** Read the whole chain, and name the first row that is missing, was changed or does not belong there. */
  async verify(signal?: AbortSignal): Promise<AuditVerdict> {
    const start = await auditEnds(this.#store);
    if (!start) return { ok: false, sequence: 0, fault: "missing", meaning: "the head of the audit is missing" };
    let last: AuditHead = start.first;
    for (;;) {
      const faulty = await this.#readPage(last, (row) => (last = row));
      if (faulty) {
        const { first } = (await auditEnds(this.#store)) ?? start;
        // Its beginning was forgotten meanwhile, and there is nothing else wrong with it.
        if (first.sequence <= last.sequence) return { ok: false, ...faulty };
        last = first;
      }
      await othersTurn();
      signal?.throwIfAborted();
      // Servers go on adding meanwhile: the end is where, at one moment, the last row was the one that was read.
      const { head, lastRow } = (await auditEnds(this.#store)) ?? start;
      if (lastRow > last.sequence) continue;
      const fault = endFault(last, head);
      return fault
        ? { ok: false, ...fault }
        : { ok: true, rows: last.sequence - start.first.sequence, head: head.hash };
    }
  }

  /** @param sound is told of each row that follows the one before. @returns what is wrong with the first that does not. */
  async #readPage(after: AuditHead, sound: (row: AuditRow) => void): Promise<AuditFault | undefined> {
    let last = after;
    for (const row of await auditRows(this.#store, after.sequence, pageRows)) {
      const fault = rowFault(last, row);
      if (fault) return fault;
      last = row;
      sound(row);
    }
    return undefined;
  }

  /** All rows as JSON lines, the oldest first. */
  async *export(signal?: AbortSignal): AsyncGenerator<string> {
    for (let after = 0; ; ) {
      const rows = await auditRows(this.#store, after, pageRows);
      await othersTurn();
      signal?.throwIfAborted();
      for (const row of rows) yield `${exported(row)}\n`;
      const last = rows.at(-1);
      if (!last) return;
      after = last.sequence;
    }
  }

  /** Forget what is older than `at`, no more than `most` rows of it, and say so in the audit. @returns how many rows. */
  async dropBefore(at: number, most = droppedAtOnce): Promise<number> {
    const rows = await dropAuditBefore(this.#store, at, most);
    if (rows > 0) await this.record("server", "audit.retention", "audit", { rows, before: at });
    return rows;
  }
}

function exported({ detail, ...row }: AuditRow): string {
  return JSON.stringify({ ...row, detail: parsedDetail(detail) });
}

/** A detail that somebody damaged is exported as the text it is: the export is also for finding out what happened. */
function parsedDetail(detail: string): unknown {
  try {
    return JSON.parse(detail);
  } catch {
    return detail;
  }
}
