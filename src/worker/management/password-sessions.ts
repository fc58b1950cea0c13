import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "#core";

const minuteMs = 60_000;
/** A session ends after so long without a request, and after so long altogether (CAT-65). */
const idleMs = 30 * minuteMs;
const longestMs = 12 * 60 * minuteMs;
/** One more ends the one that was idle longest. */
const mostSessions = 100;

/** Somebody who has logged in by password, or by the stored hash. */
export interface PasswordSession {
  /** Names it in logs; worth nothing. */
  readonly id: string;
  readonly credential: "password" | "hash";
  /** When it ends at the latest, milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** Fires when it has ended. */
  readonly signal: AbortSignal;
}

interface Kept extends PasswordSession {
  readonly controller: AbortController;
  readonly startedAt: number;
  usedAt: number;
}

/** The password sessions of this start of the worker. Tokens are kept hashed, and gone with the process. */
export class PasswordSessions {
  readonly #clock: Pick<Clock, "now" | "elapsed">;
  readonly #sessions = new Map<string, Kept>();

  constructor(clock: Pick<Clock, "now" | "elapsed">) {
    this.#clock = clock;
  }

  /** Begin a session; the token is told once. */
  open(credential: "password" | "hash"): { readonly token: string; readonly session: PasswordSession } {
    this.#expire();
    const [idlest] = [...this.#sessions.values()].sort((a, b) => a.usedAt - b.usedAt);
    if (idlest && this.#sessions.size >= mostSessions) this.end(idlest);
    const token = `fhw_${randomBytes(32).toString("base64url")}`;
    const controller = new AbortController();
    const now = this.#clock.elapsed();
    const session: Kept = {
      ...{ id: randomBytes(8).toString("hex"), credential, expiresAtMs: this.#clock.now() + longestMs },
      ...{ controller, signal: controller.signal, startedAt: now, usedAt: now },
    };
    this.#sessions.set(hashOf(token), session);
    return { token, session };
  }

  /** The session of a token, which thereby is in use; undefined when there is none (any more). */
  find(token: string): PasswordSession | undefined {
    this.#expire();
    const session = token.length > 100 ? undefined : this.#sessions.get(hashOf(token));
    if (session) session.usedAt = this.#clock.elapsed();
    return session;
  }

  /** A request came under it on a connection that is in it already. @returns whether it still lasts. */
  use(session: PasswordSession): boolean {
    this.#expire();
    if (session.signal.aborted) return false;
    (session as Kept).usedAt = this.#clock.elapsed();
    return true;
  }

  end(session: PasswordSession): void {
    for (const [hash, each] of this.#sessions) if (each === session) this.#endAt(hash, each);
  }

  /** @returns how many there were. */
  endAll(): number {
    const count = this.#sessions.size;
    for (const [hash, each] of this.#sessions) this.#endAt(hash, each);
    return count;
  }

  #expire(): void {
    const now = this.#clock.elapsed();
    for (const [hash, each] of this.#sessions)
      if (now - each.usedAt > idleMs || now - each.startedAt > longestMs) this.#endAt(hash, each);
  }

  #endAt(hash: string, session: Kept): void {
    this.#sessions.delete(hash);
    session.controller.abort();
  }
}

/** Of 256 random bits nobody guesses any: a fast hash does, and what a look-up's time tells is about the hash. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
