import { createHash, randomBytes } from "node:crypto";
import { type Clock, errorText, type Log } from "#core";
import { type HelperTokenRow } from "#fleet";
import { WorkerError } from "../errors.ts";
import { readKept, writeKept } from "../management/kept-file.ts";

/** What tokens of helpers from elsewhere begin with. */
export const helperTokenPrefix = "fhh_";
const mostTokens = 1_000;

/** A helper's token as it is kept: enough to know it by, not enough to use it. */
interface KeptToken {
  readonly id: string;
  /** SHA-256 of the token, hex. */
  readonly hash: string;
  readonly workTypes: readonly string[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly note?: string | undefined;
}

/** A token that is good. */
export interface HelperToken {
  readonly id: string;
  readonly workTypes: readonly string[];
  /** Fires when it was revoked. */
  readonly signal: AbortSignal;
  /** Whether it is still good. */
  isGood(): boolean;
}

export interface HelperTokensOptions {
  /** Private file in which they are kept. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tokens of helpers from elsewhere: made for work types and a time, for one helper each (CAT-87). */
export class HelperTokens {
  readonly #options: HelperTokensOptions;
  readonly #kept: Map<string, KeptToken>;
  readonly #revoking = new Map<string, AbortController>();

  constructor(options: HelperTokensOptions) {
    this.#options = options;
    this.#kept = new Map(readTokens(options).map((token) => [token.id, token]));
  }

  /** The token is told this once. @throws {WorkerError} HELPER_REFUSED when there are too many. @throws system errors. */
  create({
    workTypes,
    expiresInMs,
    note,
  }: {
    workTypes: readonly string[];
    expiresInMs: number;
    note?: string | undefined;
  }) {
    const now = this.#options.clock.now();
    this.#forgetExpired(now);
    if (this.#kept.size >= mostTokens)
      throw new WorkerError("HELPER_REFUSED", `there are ${mostTokens} tokens already`);
    const id = randomBytes(6).toString("hex");
    const token = `${helperTokenPrefix}${randomBytes(32).toString("base64url")}`;
    const kept = { id, hash: hashOf(token), workTypes, createdAtMs: now, expiresAtMs: now + expiresInMs, note };
    this.#keep(new Map([...this.#kept, [id, kept]]));
    return { id, token, expiresAtMs: kept.expiresAtMs };
  }

  /** Those that are good. @param inUse whether a helper is there with this one. */
  list(inUse: (id: string) => boolean): HelperTokenRow[] {
    this.#forgetExpired(this.#options.clock.now());
    return [...this.#kept.values()].map(({ hash, workTypes, note, ...row }) => ({
      ...row,
      workTypes: [...workTypes],
      inUse: inUse(row.id),
      ...(note !== undefined && { note }),
    }));
  }

  /** @throws {WorkerError} HELPER_UNKNOWN. @throws system errors. */
  revoke(id: string): void {
    if (!this.#kept.has(id)) throw new WorkerError("HELPER_UNKNOWN", `there is no helper token ${id}`);
    this.#keep(new Map([...this.#kept].filter(([each]) => each !== id)));
    this.#revoking.get(id)?.abort(new WorkerError("HELPER_REFUSED", "the helper's token was revoked"));
    this.#revoking.delete(id);
  }

  /** The token this text is, while it is good. */
  find(text: string): HelperToken | undefined {
    const hash = hashOf(text);
    const kept = [...this.#kept.values()].find((token) => token.hash === hash);
    if (!kept || !this.#isGood(kept.id)) return undefined;
    const revoking = this.#revoking.get(kept.id) ?? new AbortController();
    this.#revoking.set(kept.id, revoking);
    const { id, workTypes } = kept;
    return { id, workTypes, signal: revoking.signal, isGood: () => this.#isGood(id) };
  }

  #isGood(id: string): boolean {
    const kept = this.#kept.get(id);
    return kept !== undefined && this.#options.clock.now() < kept.expiresAtMs;
  }

  #forgetExpired(now: number): void {
    for (const { id, expiresAtMs } of this.#kept.values()) if (expiresAtMs <= now) this.#kept.delete(id);
  }

  /** On disk first: what was told to be good is good after a restart, and what was revoked is not. */
  #keep(tokens: ReadonlyMap<string, KeptToken>): void {
    writeKept(this.#options.file, `${JSON.stringify([...tokens.values()])}\n`);
    this.#kept.clear();
    for (const [id, token] of tokens) this.#kept.set(id, token);
  }
}

/** Of 256 random bits nobody guesses any: a fast hash does, and what a look-up's time tells is about the hash. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** A file that cannot be read lets nobody in. */
function readTokens({ file, log }: HelperTokensOptions): KeptToken[] {
  try {
    const text = readKept(file);
    const kept: unknown = text === undefined ? [] : JSON.parse(text);
    return Array.isArray(kept) ? kept.filter(isKept) : [];
  } catch (error) {
    log.error("helper tokens cannot be read, so none is good", { file, error: errorText(error) });
    return [];
  }
}

function isKept(value: unknown): value is KeptToken {
  const { id, hash, workTypes, createdAtMs, expiresAtMs } = (value ?? {}) as Partial<Record<keyof KeptToken, unknown>>;
  const areTypes = Array.isArray(workTypes) && workTypes.every((name) => typeof name === "string");
  return areTypes && [id, hash].every(isText) && [createdAtMs, expiresAtMs].every(Number.isSafeInteger);
}

const isText = (value: unknown): boolean => typeof value === "string";
