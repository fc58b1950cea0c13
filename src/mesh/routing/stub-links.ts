import type { RoutingUpdate } from "../packet/routing-update.ts";

/** A stub has one hub, or a few. One that says more is not worth the memory. */
const maxHubs = 16;

/** A stub that other nodes are told of from now on, and the last it said of itself. */
export interface PromotedStub {
  readonly peer: string;
  readonly update: RoutingUpdate | undefined;
}

/** The stubs of a hub: those that other nodes are told of, and those that only the hub knows, for want of room. */
export class StubLinks {
  readonly #maxAnnounced: number;
  readonly #announced = new Set<string>();
  /** With the last each said of itself. Whoever came first is promoted first. */
  readonly #secret = new Map<string, RoutingUpdate | undefined>();

  constructor(maxAnnounced: number) {
    this.#maxAnnounced = maxAnnounced;
  }

  get size(): number {
    return this.#announced.size + this.#secret.size;
  }

  isSecret(peer: string): boolean {
    return this.#secret.has(peer);
  }

  add(peer: string): void {
    if (this.#announced.size < this.#maxAnnounced) this.#announced.add(peer);
    else this.#secret.set(peer, undefined);
  }

  /** What a secret stub says of itself; told when it is promoted. */
  hear(peer: string, update: RoutingUpdate): void {
    if (this.#secret.has(peer) && update.connections.size <= maxHubs) this.#secret.set(peer, update);
  }

  /** A stub is gone. @returns which other one takes its place. */
  remove(peer: string): PromotedStub | undefined {
    this.#secret.delete(peer);
    if (!this.#announced.delete(peer)) return undefined;
    const [first] = this.#secret;
    if (!first) return undefined;
    this.#secret.delete(first[0]);
    this.#announced.add(first[0]);
    return { peer: first[0], update: first[1] };
  }
}
