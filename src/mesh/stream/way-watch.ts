import type { Environment } from "../routing/environment.ts";
import { HoldDown } from "../routing/hold-down.ts";
import type { Link } from "../routing/link.ts";

/** Connections told at once, and the pause before the next ones: a cable with ten thousand behind it is no storm. */
const toldAtOnce = 50;
const pauseMs = 20;

/** A stream's connection to another node. */
export interface Connection {
  /** The way to the far end is another than before. */
  sayAgain(): void;
}

/** What watching the ways of connections takes. */
export interface WayWatchOptions {
  readonly environment: Environment;
  readonly nextHop: (node: string) => Link | undefined;
  /** Differs whenever a way to the node does; undefined when none is known. */
  readonly wayTo: (node: string) => string | undefined;
  /** Nodes that connections lead to. */
  readonly nodes: () => Iterable<string>;
  readonly connectionsTo: (node: string) => Iterable<Connection>;
}

interface Way {
  /** Another link to the same neighbour is another way: what was sent over the one before may be lost. */
  readonly link: Link;
  readonly nodes: string | undefined;
}

/**
 * Tells connections when the way to their far end is another than before. What they sent over the old one is probably
 * lost, and the engine, which knows nothing of ways, would only find out in its own time.
 */
export class WayWatch {
  readonly #options: WayWatchOptions;
  readonly #holdDown = new HoldDown();
  #ways = new Map<string, Way | undefined>();
  readonly #toTell = new Set<Connection>();
  #isDue = false;
  #isChanged = false;
  #isTelling = false;

  constructor(options: WayWatchOptions) {
    this.#options = options;
  }

  /** Ways may be others now. Looked at once for all that comes along, and less often while changes keep coming. */
  changed(): void {
    // What comes between now and then may be too late for the routes that are looked at then.
    this.#isChanged = true;
    if (this.#isDue) return;
    this.#isDue = true;
    this.#isChanged = false;
    const { environment } = this.#options;
    environment.after(this.#holdDown.next(environment.elapsed()), () => {
      this.#isDue = false;
      this.#look();
      if (this.#isChanged) this.changed();
    });
  }

  #look(): void {
    const { nodes, connectionsTo } = this.#options;
    const ways = new Map<string, Way | undefined>();
    for (const node of nodes()) {
      const way = this.#wayTo(node);
      ways.set(node, way);
      // Of a node that is new here the way of before is not known.
      if (way && !isSame(way, this.#ways.get(node)))
        for (const connection of connectionsTo(node)) this.#toTell.add(connection);
    }
    this.#ways = ways;
    if (!this.#isTelling) this.#tellSome();
  }

  #wayTo(node: string): Way | undefined {
    const link = this.#options.nextHop(node);
    return link && { link, nodes: this.#options.wayTo(node) };
  }

  #tellSome(): void {
    let told = 0;
    for (const connection of this.#toTell) {
      this.#toTell.delete(connection);
      connection.sayAgain();
      if (++told === toldAtOnce) break;
    }
    this.#isTelling = this.#toTell.size > 0;
    if (this.#isTelling) this.#options.environment.after(pauseMs, () => this.#tellSome());
  }
}

function isSame(way: Way, before: Way | undefined): boolean {
  return before !== undefined && way.link === before.link && way.nodes === before.nodes;
}
