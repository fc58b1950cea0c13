import type { Session } from "./backend.ts";

/** The living sessions of a listener. */
export class SessionSet<S extends Session = Session> {
  readonly #living = new Set<S>();

  get size(): number {
    return this.#living.size;
  }

  add(session: S): S {
    this.#living.add(session);
    void session.closed.then(() => this.#living.delete(session));
    return session;
  }

  /** Resolves when all are over and have freed what they held. */
  async close(): Promise<void> {
    const living = [...this.#living];
    for (const session of living) session.close();
    await Promise.all(living.map(({ closed }) => closed));
  }
}
