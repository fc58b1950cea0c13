import type { RoutingUpdate } from "../packet/routing-update.ts";
import type { Environment } from "./environment.ts";
import type { LinkState, NodeRecord } from "./link-state.ts";
import type { Topology } from "./topology.ts";

/** Who is lost is looked for no more often than that. */
const lookAgainMs = 100;
/** Time within which the updates that make a way to a new node have all come. */
const youngMs = 5_000;
/** Nodes that are lost for longer may be forgotten for others; sooner, and inventing nodes would go on for ever. */
const giveWayMs = 60_000;

export interface KnownNodesOptions {
  readonly state: LinkState;
  readonly topology: Topology;
  readonly environment: Environment;
  /** Nodes that no way led to for longer are forgotten. */
  readonly forgetMs: number;
  /** Whether a link to the node is up. */
  readonly isNeighbour: (node: string) => boolean;
  /** Whether messages to the node would be sent on. */
  readonly hasRoute: (node: string) => boolean;
  readonly forgotten: (node: string) => void;
}

/** For how long a node is remembered that is gone, and who is told of it. */
export class KnownNodes {
  readonly #options: KnownNodesOptions;
  /** Version of the topology for which it was noted who is lost, and when. */
  #notedVersion = -1;
  #notedAt = Number.NEGATIVE_INFINITY;

  constructor(options: KnownNodesOptions) {
    this.#options = options;
  }

  /** Our own links have changed, and nobody makes us look round by that again and again. */
  linksChanged(): void {
    this.#notedAt = Number.NEGATIVE_INFINITY;
  }

  /** Who is lost may lag as routes may: nobody shall make us look round for each of his messages. */
  noteLost(): void {
    const { state, topology, environment } = this.#options;
    const { version } = topology;
    const elapsed = environment.elapsed();
    const isFresh = this.#notedAt > Number.NEGATIVE_INFINITY;
    if (isFresh && (version === this.#notedVersion || elapsed - this.#notedAt < lookAgainMs)) return;
    this.#notedVersion = version;
    this.#notedAt = elapsed;
    state.noteReachable((node) => this.#isReachable(node), topology.reachableCount, elapsed);
  }

  /** Nodes a neighbour is told of. One just heard of may have its way found a moment later. */
  isTellable(node: string, { heardAt }: NodeRecord): boolean {
    return heardAt > this.#options.environment.elapsed() - youngMs || this.#isReachable(node);
  }

  /** Nodes that are gone leave nothing behind, in the end. */
  sweep(): void {
    this.noteLost();
    const { state, environment, forgetMs } = this.#options;
    const before = environment.elapsed() - forgetMs;
    for (const [node, { lostAt = before }] of state.lost) if (lostAt < before) this.#forget(node);
  }

  /** Nodes that have been gone for some time give way to others. @returns false when there is no room nevertheless. */
  makeRoom(update: RoutingUpdate): boolean {
    const { state, environment, hasRoute } = this.#options;
    const before = environment.elapsed() - giveWayMs;
    for (const [node, { lostAt = before }] of state.lost) {
      if (lostAt > before || state.hasRoomFor(update)) break;
      if (!hasRoute(node)) this.#forget(node);
    }
    return state.hasRoomFor(update);
  }

  #isReachable(node: string): boolean {
    const { topology, isNeighbour } = this.#options;
    return topology.isReachable(node) || isNeighbour(node);
  }

  #forget(node: string): void {
    const { state, topology, forgotten } = this.#options;
    state.forget(node);
    topology.delete(node);
    forgotten(node);
  }
}
