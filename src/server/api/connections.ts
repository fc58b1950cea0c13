import { createHash, randomBytes } from "node:crypto";
import { ServerError } from "../errors.ts";

/**
 * Connection handles (CAT-47 to CAT-49): each lives as long as the WebSocket it was given on, and is worth something only
 * together with the session it was given to.
 */
export class Connections {
  /** Session, by the handle's hash: what is in memory opens nothing either. */
  readonly #open = new Map<string, string>();
  readonly #ended: (session: string, handle: string) => void;

  /** @param ended all that was opened under a handle must end. */
  constructor(ended: (session: string, handle: string) => void) {
    this.#ended = ended;
  }

  /** A new one for a session. */
  give(session: string): { readonly handle: string; readonly close: () => void } {
    const handle = randomBytes(32).toString("base64url");
    const hash = hashOf(handle);
    this.#open.set(hash, session);
    const close = (): void => {
      if (this.#open.delete(hash)) this.#ended(session, hash);
    };
    return { handle, close };
  }

  /**
   * The hash of an open handle of this session.
   *
   * @throws {ServerError} HANDLE_REFUSED, alike for one that never was and one of somebody else.
   */
  require(handle: string, session: string): string {
    const hash = hashOf(handle);
    if (this.#open.get(hash) === session) return hash;
    throw new ServerError("HANDLE_REFUSED", "the connection handle is not open, or belongs to another session");
  }
}

function hashOf(handle: string): string {
  return createHash("sha256").update(handle).digest("hex");
}
