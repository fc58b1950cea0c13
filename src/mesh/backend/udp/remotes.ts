import type { UdpSession } from "./session.ts";

interface Remote {
  readonly session: UdpSession;
  heardAt: number;
}

/**
 * The sessions of a UDP listener by remote address, bounded in number. Anybody can make one with a single datagram, even
 * under a false address: those of which only one ever came go first.
 */
export class Remotes {
  readonly #limit: number;
  readonly #remotes = new Map<string, Remote>();
  /** Heard once. In the order they came. */
  readonly #strangers = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get sessions(): UdpSession[] {
    return [...this.#remotes.values()].map(({ session }) => session);
  }

  /** The session of an address that is heard again. */
  heard(address: string, now: number): UdpSession | undefined {
    const remote = this.#remotes.get(address);
    if (!remote) return undefined;
    remote.heardAt = now;
    this.#strangers.delete(address);
    return remote.session;
  }

  /** Make room for one more. @returns whether there is. */
  makeRoom(): boolean {
    if (this.#remotes.size < this.#limit) return true;
    const [oldest] = this.#strangers;
    if (oldest === undefined) return false;
    this.#remotes.get(oldest)?.session.end(new Error("another neighbour needed its place"));
    return true;
  }

  add(address: string, session: UdpSession, now: number): void {
    this.#remotes.set(address, { session, heardAt: now });
    this.#strangers.add(address);
  }

  delete(address: string): void {
    this.#remotes.delete(address);
    this.#strangers.delete(address);
  }

  /** Those of which nothing came since a moment. */
  silentSince(moment: number): UdpSession[] {
    return [...this.#remotes.values()].filter(({ heardAt }) => heardAt < moment).map(({ session }) => session);
  }
}
