import { silentLog } from "#core";
import { DatagramSwitch } from "../datagram/datagram-switch.ts";
import { ping, type PingReply } from "../datagram/ping.ts";
import { parseFirewallRules } from "../packet/firewall.ts";
import { messageType } from "../packet/message-types.ts";
import { nodeHash } from "../packet/node-hash.ts";
import { NodeNames } from "../packet/node-names.ts";
import type { Environment } from "../routing/environment.ts";
import { Router } from "../routing/router.ts";
import type { RouterEvents, RouterOptions } from "../routing/router-options.ts";

/** Makes the router of each node; tests make broken ones, to see that the simulation finds it. */
export type RouterMaker = (options: RouterOptions, events: RouterEvents) => Router;

export const realRouter: RouterMaker = (options, events) => new Router(options, events);

/** One run of a node, from start to stop: the same routing and packet code as a daemon's, on virtual roads. */
export class SimulatedNode {
  readonly id: string;
  readonly names = new NodeNames();
  /** Its number among all nodes. */
  readonly place: number;
  readonly router: Router;
  /** Another node of its id was there first, so it must stop. */
  isDuplicate = false;
  readonly #datagrams: DatagramSwitch;
  readonly #environment: Environment;

  constructor(id: string, place: number, environment: Environment, makeRouter: RouterMaker) {
    this.id = id;
    this.place = place;
    this.#environment = environment;
    this.names.learn(id);
    this.router = makeRouter(
      {
        nodeId: id,
        environment,
        log: silentLog,
        hashOf: nodeHash,
        hello: { version: 1, stub: false, hub: true, direct: true },
        maxIdleMs: 21_000,
        maxNodes: 20_000,
        maxAnnouncedStubs: 0,
        forgetMs: 60 * 60_000,
      },
      {
        message: (_link, message) => {
          if (message[0] === messageType.data) this.#datagrams.receive(message);
        },
        linkUp: () => {},
        linkDown: () => {},
        nodeKnown: (node) => void this.names.learn(node),
        nodeForgotten: (node) => this.names.forget(node),
        nodeRestarted: () => {},
        waysMayDiffer: () => {},
        duplicate: () => {
          this.isDuplicate = true;
          environment.after(0, () => this.stop());
        },
      },
    );
    this.#datagrams = new DatagramSwitch({
      ownId: id,
      names: this.names,
      rules: parseFirewallRules([]),
      environment,
      log: silentLog,
      nextHop: (node) => this.router.ways.nextHop(node)?.road,
      isStubHere: () => false,
      host: () => false,
    });
  }

  ping(node: string): Promise<PingReply> {
    return ping(this.#datagrams, this.#environment, this.id, node);
  }

  stop(): void {
    this.router.close();
  }
}
