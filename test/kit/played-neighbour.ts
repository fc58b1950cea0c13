import type { Log } from "#core";
import type { FarhandHello } from "../../src/mesh/packet/farhand-hello.ts";
import { messageType } from "../../src/mesh/packet/message-types.ts";
import { nodeHash } from "../../src/mesh/packet/node-hash.ts";
import { decodeRoutingUpdate, encodeRoutingUpdate, type RoutingUpdate } from "../../src/mesh/packet/routing-update.ts";
import type { Link, LinkTerms, Road } from "../../src/mesh/routing/link.ts";
import { Router } from "../../src/mesh/routing/router.ts";
import type { RouterOptions } from "../../src/mesh/routing/router-options.ts";
import { TurnedClock } from "./turned-clock.ts";

/** What a Farhand node that is no stub says of itself. */
export const farhand: FarhandHello = { version: 1, stub: false, hub: true, direct: true };
/** What a stub says of itself. */
export const stub: FarhandHello = { version: 1, stub: true, hub: false, direct: true };

const unknownType = 77;

/** Keeps the lines of a log, each behind its level. */
export function keptLog(lines: string[]): Log {
  const keep = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
}

/** For tests: one router, and neighbours that the test plays. */
export class RouterUnderTest {
  readonly clock = new TurnedClock();
  readonly log: string[] = [];
  readonly router: Router;
  readonly known = new Set<string>();
  readonly forgotten: string[] = [];
  readonly restarted: string[] = [];
  /** Messages that are none of routing's. */
  readonly messages: Uint8Array[] = [];
  duplicates = 0;

  constructor(options: Partial<RouterOptions> = {}) {
    const defaults: RouterOptions = {
      nodeId: "own",
      environment: this.clock,
      log: keptLog(this.log),
      hashOf: nodeHash,
      hello: farhand,
      maxIdleMs: 21_000,
      maxNodes: 1_000,
      maxAnnouncedStubs: 10,
      forgetMs: 60 * 60_000,
    };
    this.router = new Router({ ...defaults, ...options }, this.#events());
  }

  /** A road to somebody who has said nothing yet. */
  road(id: string, terms: Partial<LinkTerms> = {}, road: Partial<Road> = {}): PlayedNeighbour {
    return new PlayedNeighbour(this.router, id, { cost: 1, ...terms }, road);
  }

  /** A neighbour whose link is up, which has said that it has us for a neighbour and who else it has. */
  neighbour(id: string, others: Readonly<Record<string, number>> = {}, hello?: FarhandHello): PlayedNeighbour {
    const neighbour = this.road(id);
    neighbour.hello = hello;
    neighbour.greet();
    neighbour.tell({ [this.router.ownId]: 1, ...others });
    this.clock.pass(200);
    neighbour.forget();
    return neighbour;
  }

  /** Let time pass in which these neighbours say just enough to be kept. */
  live(seconds: number, ...neighbours: readonly PlayedNeighbour[]): void {
    for (let passed = 0; passed < seconds; passed += 10) {
      this.clock.pass(10_000);
      for (const neighbour of neighbours) neighbour.say(Uint8Array.of(unknownType));
    }
  }

  /** What the router believes of the way to each node. */
  get routes(): Record<string, string> {
    this.clock.pass(100);
    return Object.fromEntries([...this.router.ways.routes()].map(([node, { nextHop }]) => [node, nextHop]));
  }

  #events(): ConstructorParameters<typeof Router>[1] {
    return {
      message: (_link, message) => void this.messages.push(message),
      linkUp: () => {},
      linkDown: () => {},
      nodeKnown: (node) => void this.known.add(node),
      nodeForgotten: (node) => void this.forgotten.push(node),
      nodeRestarted: (node) => void this.restarted.push(node),
      waysMayDiffer: () => {},
      duplicate: () => void this.duplicates++,
    };
  }
}

/** A neighbour as a test plays it: it says what the test wants, and keeps what it is sent. */
export class PlayedNeighbour {
  readonly id: string;
  readonly link: Link;
  hello: FarhandHello | undefined;
  epoch = 1n;
  sequence = 0n;
  isClosed = false;
  #sent: Uint8Array[] = [];

  constructor(router: Router, id: string, terms: LinkTerms, road: Partial<Road>) {
    this.id = id;
    this.link = router.addRoad(
      {
        description: `road to ${id}`,
        isReliable: true,
        maxMessageBytes: 65_535,
        queuedBytes: 0,
        provenNodeIds: undefined,
        send: (message) => void this.#sent.push(message),
        close: () => {
          this.isClosed = true;
        },
        ...road,
      },
      terms,
    );
  }

  /** Everything it was sent. */
  get sent(): readonly Uint8Array[] {
    return this.#sent;
  }

  /** Routing updates it was sent. */
  get updates(): RoutingUpdate[] {
    return this.sentOf(messageType.routing).map((message) => decodeRoutingUpdate(message));
  }

  sentOf(type: number): Uint8Array[] {
    return this.#sent.filter((message) => message[0] === type);
  }

  /** Look only at what comes from now on. */
  forget(): void {
    this.#sent = [];
  }

  say(message: Uint8Array): void {
    this.link.receive(Buffer.from(message));
  }

  /** An update of its own from before the link was up. */
  greet(): void {
    this.tell({});
  }

  /** An update of its own. */
  tell(connections: Readonly<Record<string, number>>, more: Partial<RoutingUpdate> = {}): RoutingUpdate {
    return this.pass({
      nodeId: this.id,
      updateEpoch: this.epoch,
      updateSequence: ++this.sequence,
      connections: new Map(Object.entries(connections)),
      farhand: this.hello,
      ...more,
    });
  }

  /** An update of any node, handed on by this one. */
  pass(update: Partial<RoutingUpdate> & { readonly nodeId: string }): RoutingUpdate {
    const whole: RoutingUpdate = {
      updateId: freshId(),
      updateEpoch: 1n,
      updateSequence: 1n,
      connections: new Map(),
      forwardingNode: this.id,
      suspectedDuplicate: 0n,
      ...update,
    };
    this.say(encodeRoutingUpdate(whole));
    return whole;
  }
}

let ids = 0;

function freshId(): string {
  return `id${String(++ids).padStart(6, "0")}`;
}
