/** What goes on under users' sessions, so that all of it ends with them (CAT-59, CAT-67). */
export class SessionScopes {
  readonly #open = new Map<string, Set<AbortController>>();

  /**
   * Begin something under a session.
   *
   * @returns a signal that fires when the session is cut or `signal` does, and what to call when it is over by itself.
   */
  enter(session: string, signal: AbortSignal): { readonly signal: AbortSignal; readonly leave: () => void } {
    const scope = new AbortController();
    const open = this.#open.get(session) ?? new Set();
    this.#open.set(session, open.add(scope));
    return {
      signal: AbortSignal.any([signal, scope.signal]),
      leave: () => {
        open.delete(scope);
        if (open.size === 0 && this.#open.get(session) === open) this.#open.delete(session);
      },
    };
  }

  /** End all that goes on under a session. */
  cut(session: string, why: Error): void {
    const open = this.#open.get(session);
    this.#open.delete(session);
    for (const scope of open ?? []) scope.abort(why);
  }
}
