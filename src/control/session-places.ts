import type { RemoteKind } from "./command.ts";
import type { ControlLimits } from "./settings.ts";

/** A place for a session, or why there is none. */
export type SessionPlace =
  | { readonly kind: "free"; giveBack(): void }
  | { readonly kind: "full"; readonly message: string };

/** One of the limits a session falls under. */
interface Limit {
  /** Ends "too many control sessions …". */
  readonly name: string;
  readonly most: number;
}

/**
 * How many sessions are open, by the way they came. Whoever is farther away can never take the last place of those who
 * are nearer: the mesh none of a socket's, TCP not all of them, one node not all of the mesh's.
 */
export class SessionPlaces {
  readonly #limits: ControlLimits;
  /** Only what is above zero, so that nodes that are gone leave nothing behind. */
  readonly #taken = new Map<string, number>();

  constructor(limits: ControlLimits) {
    this.#limits = limits;
  }

  /** Take a place under every limit, or under none. What was taken is given back exactly once. */
  take(remote: RemoteKind, remoteNode: string | undefined): SessionPlace {
    const limits = this.#limitsOf(remote, remoteNode);
    const full = limits.find(({ name, most }) => this.#count(name) >= most);
    if (full)
      return { kind: "full", message: `too many control sessions ${full.name} (limit ${full.most}), try again later` };
    for (const { name } of limits) this.#taken.set(name, this.#count(name) + 1);
    return { kind: "free", giveBack: () => this.#giveBack(limits) };
  }

  /** The narrow limit first: it says best who takes too much. */
  #limitsOf(remote: RemoteKind, remoteNode: string | undefined): readonly Limit[] {
    const { sessions, networkSessions, meshSessions, nodeSessions } = this.#limits;
    const sockets = { name: "over sockets", most: sessions };
    if (remote === "unix") return [sockets];
    if (remote !== "mesh") return [{ name: "over TCP", most: networkSessions }, sockets];
    const node = { name: `from node ${remoteNode ?? "unknown"}`, most: nodeSessions };
    return [node, { name: "over the mesh", most: meshSessions }];
  }

  #count(name: string): number {
    return this.#taken.get(name) ?? 0;
  }

  #giveBack(limits: readonly Limit[]): void {
    for (const { name } of limits) {
      const left = this.#count(name) - 1;
      if (left > 0) this.#taken.set(name, left);
      else this.#taken.delete(name);
    }
  }
}
