/** Why somebody's way in has come to its end, or counts for something else from now on. */
export type EndingCause =
  | "logout"
  | "ended"
  | "expired"
  | "revoked"
  | "password changed"
  | "user disabled"
  | "user removed"
  | "role changed"
  | "factor reset";

/** Whatever is open under this session or API token must be cut now (CAT-67). */
export interface Ending {
  readonly kind: "session" | "token";
  readonly id: string;
  readonly userId: string;
  readonly cause: EndingCause;
}

/**
 * Tells of endings on this server. What ended on another one shows when its streams ask `alive()` again, of
 * `Sessions` and `ApiTokens`.
 */
export class Endings {
  readonly #listeners = new Set<(ending: Ending) => void>();

  /** @param listener must not throw; it cuts and returns. @returns to stop listening. */
  listen(listener: (ending: Ending) => void): () => void {
    // A function of its own for each call: the same listener may be given twice.
    const own = (ending: Ending): void => listener(ending);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tell(
    kind: Ending["kind"],
    cause: EndingCause,
    ended: readonly { readonly id: string; readonly userId: string }[],
  ): void {
    for (const { id, userId } of ended) for (const listener of this.#listeners) listener({ kind, id, userId, cause });
  }
}
