import { createHash, randomBytes } from "node:crypto";
import { type Clock, systemClock } from "#core";
import { encodeEnrolmentToken, newEnrolmentToken } from "#fleet";
import type { AuditTrail } from "../audit/audit.ts";
import { ServerError } from "../errors.ts";
import {
  consumeEnrolment,
  deleteEnrolment,
  dropEnrolmentsBefore,
  insertEnrolment,
  listEnrolments,
} from "../store/enrolments.ts";
import type { Store } from "../store/store.ts";
import type { EnrolmentTable } from "../store/tables.ts";
import type { Database } from "../store/workers.ts";
import { type Labels, labelsFault, parseLabels } from "./labels.ts";

const defaultLifeMs = 3_600_000;
/** Expired ones are listed for so long. */
const keptMs = 90 * 24 * 3_600_000;
const maxLifeMs = 366 * 24 * 3_600_000;
const namePattern = /^[A-Za-z0-9*][A-Za-z0-9._-]*\*?[A-Za-z0-9._-]*$/;

/** What a token lets in, and how long. */
export interface EnrolmentWish {
  /** The name to be given, or with one `*` a pattern the worker's own must fit. Absent: any. */
  readonly name?: string;
  /** They win over what the worker says of itself. */
  readonly labels?: Labels;
  /** Default one hour. */
  readonly lifeMs?: number;
  /** For any number of workers until it expires, and a second live instance of one becomes a worker of its own. */
  readonly cloneable?: boolean;
  /** The worker may take the place of an entry of the same machine that is not connected (CAT-42). */
  readonly mayReplace?: boolean;
}

/** An enrolment in a list: all but its secret. */
export interface Enrolment extends Required<Omit<EnrolmentWish, "name" | "lifeMs">> {
  readonly id: string;
  readonly name: string | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When it was used last, and by which worker. */
  readonly usedAt: number | null;
  readonly usedBy: string | null;
  /** How often it has let a worker in. */
  readonly uses: number;
}

export interface EnrolmentsOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly clock?: Pick<Clock, "now">;
  /** By which it is decided which expired long ago. Default: `clock`. */
  readonly ages?: Pick<Clock, "now">;
  /** SHA-256 of who vouches for the server's port now, for workers that do not know it; see {@link newEnrolmentToken}. */
  readonly pin?: () => string | undefined;
}

/** Enrolment tokens: how a worker that nobody knows gets in (CAT-33). */
export class Enrolments {
  readonly #options: EnrolmentsOptions;
  readonly #clock: Pick<Clock, "now">;

  constructor(options: EnrolmentsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * A new token. Its text is given here and never again: only a hash is kept.
   *
   * @throws {ServerError} ENROLMENT_INVALID.
   */
  async make(wish: EnrolmentWish, actor: string): Promise<{ readonly enrolment: Enrolment; readonly token: string }> {
    requireWish(wish);
    const { store, audit, pin } = this.#options;
    const token = newEnrolmentToken(`en-${randomBytes(6).toString("hex")}`, pin?.());
    const row = rowOf(wish, token.id, hashOf(token.secret), actor, this.#clock.now());
    await audit.record(actor, "enrolment.make", token.id, auditedWish(row));
    await insertEnrolment(store.db, row);
    return { enrolment: enrolmentOf(row), token: encodeEnrolmentToken(token) };
  }

  /** The newest first, used and expired ones too. */
  async list(): Promise<Enrolment[]> {
    return (await listEnrolments(this.#options.store.db)).map(enrolmentOf);
  }

  /** Forget those that expired long ago; who was let in by which stands in the audit. */
  async sweep(): Promise<void> {
    await dropEnrolmentsBefore(this.#options.store.db, (this.#options.ages ?? this.#clock).now() - keptMs);
  }

  /** Worth nothing from now on. @returns false: there was none. */
  async revoke(id: string, actor: string): Promise<boolean> {
    await this.#options.audit.record(actor, "enrolment.revoke", id);
    return await deleteEnrolment(this.#options.store.db, id);
  }
}

/**
 * Use a token within a transaction; when that fails, it was not used.
 *
 * @throws {ServerError} ENROLMENT_REFUSED, alike for unknown, used, revoked and expired ones.
 */
export async function useEnrolment(
  db: Database,
  token: { readonly id: string; readonly secret: string },
  at: number,
): Promise<EnrolmentTable> {
  const used = await consumeEnrolment(db, { id: token.id, secretHash: hashOf(token.secret), at, by: "" });
  if (!used) throw new ServerError("ENROLMENT_REFUSED", "the enrolment token is unknown, used, revoked or expired");
  return used;
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function requireWish({ name, labels = {}, lifeMs = defaultLifeMs }: EnrolmentWish): void {
  const refused = (why: string): ServerError => new ServerError("ENROLMENT_INVALID", why);
  if (name !== undefined && (name.length > 63 || !namePattern.test(name)))
    throw refused("name: letters, digits, `.`, `_`, `-` and at most one `*`");
  const fault = labelsFault(labels);
  if (fault !== undefined) throw refused(`labels: ${fault}`);
  if (!Number.isSafeInteger(lifeMs) || lifeMs <= 0 || lifeMs > maxLifeMs)
    throw refused("a token's life is between a millisecond and a year");
}

function rowOf(wish: EnrolmentWish, id: string, hash: string, actor: string, now: number): EnrolmentTable {
  return {
    id,
    secret_hash: hash,
    name: wish.name ?? null,
    labels: JSON.stringify(wish.labels ?? {}),
    cloneable: Number(wish.cloneable ?? false),
    may_replace: Number(wish.mayReplace ?? false),
    created_by: actor,
    created_at: now,
    expires_at: now + (wish.lifeMs ?? defaultLifeMs),
    used_at: null,
    used_by: null,
    uses: 0,
  };
}

function enrolmentOf(row: EnrolmentTable): Enrolment {
  return {
    id: row.id,
    name: row.name,
    labels: parseLabels(row.labels),
    cloneable: row.cloneable === 1,
    mayReplace: row.may_replace === 1,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    usedBy: row.used_by,
    uses: row.uses,
  };
}

function auditedWish({ name, cloneable, may_replace: mayReplace, labels, expires_at: expiresAt }: EnrolmentTable) {
  return { name, labels: parseLabels(labels), cloneable, mayReplace, expiresAt };
}
