import { silentLog } from "#core";
import { DatagramSwitch } from "../datagram/datagram-switch.ts";
import { ping, type PingReply } from "../datagram/ping.ts";
import { parseFirewallRules } from "../packet/firewall.ts";
import { messageType } from "../packet/message-types.ts";
import { nodeHash } from "../packet/node-hash.ts";
import { NodeNames } from "../packet/node-names.ts";
import type { Environment } from "../routing/environment.ts";
import type { Link } from "../routing/link.ts";
import { Router } from "../routing/router.ts";

/** One run of a node, from start to stop: the same routing and packet code as a daemon's, on virtual roads. */
export class SimulatedNode {
  readonly id: string;
  readonly router: Router;
  /** Another node of its id was there first, so it must stop. */
  isDuplicate = false;
  readonly #datagrams: DatagramSwitch;
  readonly #environment: Environment;

  constructor(id: string, environment: Environment) {
    this.id = id;
    this.#environment = environment;
    const names = new NodeNames();
    names.learn(id);
    this.router = new Router(
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
        nodeKnown: (node) => void names.learn(node),
        nodeForgotten: (node) => names.forget(node),
        duplicate: () => {
          this.isDuplicate = true;
          environment.after(0, () => this.stop());
        },
      },
    );
    this.#datagrams = new DatagramSwitch({
      ownId: id,
      names,
      rules: parseFirewallRules([]),
      environment,
      log: silentLog,
      nextHop: (node) => this.router.nextHop(node)?.road,
      isStubHere: () => false,
      host: () => false,
    });
  }

  ping(node: string): Promise<PingReply> {
    return ping(this.#datagrams, this.#environment, this.id, node);
  }

  /** The neighbour a datagram for `node` would go to. */
  nextHop(node: string): Link | undefined {
    return this.router.nextHop(node);
  }

  stop(): void {
    this.router.close();
  }
}
