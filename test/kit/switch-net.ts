import { silentLog } from "#core";
import type { Road } from "../../src/mesh/routing/link.ts";
import { parseFirewallRules } from "../../src/mesh/packet/firewall.ts";
import { NodeNames } from "../../src/mesh/packet/node-names.ts";
import { TurnedClock } from "./turned-clock.ts";
import type { DatagramEvents, DatagramSocket, UnreachableReport } from "../../src/mesh/stream/datagrams.ts";
import { DatagramSwitch, type SwitchOptions } from "../../src/mesh/datagram/datagram-switch.ts";
import { ping, type PingReply, traceroute } from "../../src/mesh/datagram/ping.ts";

/** What came to a socket. */
export interface KeptSocket extends DatagramSocket {
  readonly received: { readonly text: string; readonly fromNode: string; readonly fromService: string }[];
  readonly unreachable: UnreachableReport[];
}

/** For tests: switches joined by roads that keep what is sent until the test carries it. */
export class SwitchNet {
  readonly clock = new TurnedClock();
  readonly #nodes = new Map<string, SwitchNode>();

  node(
    id: string,
    options: { rules?: readonly Record<string, string>[] } & Partial<Omit<SwitchOptions, "rules">> = {},
  ) {
    const node = new SwitchNode(id, this.clock, options);
    this.#nodes.set(id, node);
    for (const a of this.#nodes.values()) for (const b of this.#nodes.keys()) a.names.learn(b);
    return node;
  }

  /** A line of nodes, each of which knows the way to all. */
  line(...ids: string[]): SwitchNode[] {
    const nodes = ids.map((id) => this.node(id));
    nodes.forEach((node, at) =>
      ids.forEach((id, to) => {
        if (to !== at) node.routes.set(id, ids[to > at ? at + 1 : at - 1] as string);
      }),
    );
    return nodes;
  }

  /** Let everything arrive, with what it causes. @returns how many messages crossed a road. */
  async carry(most = 10_000): Promise<number> {
    for (let carried = 0; ; ) {
      await Promise.resolve();
      const before = carried;
      for (const node of this.#nodes.values())
        for (const { to, message } of node.onTheWay.splice(0)) {
          if (++carried > most) throw new Error("it never ends");
          this.#nodes.get(to)?.datagrams.receive(Buffer.from(message));
        }
      // Twice, for what a node sends to itself comes a moment later.
      await Promise.resolve();
      await Promise.resolve();
      if (carried === before && [...this.#nodes.values()].every(({ onTheWay }) => onTheWay.length === 0))
        return carried;
    }
  }
}

/** One switch, with routes the test decides. */
export class SwitchNode {
  readonly id: string;
  readonly names = new NodeNames();
  readonly datagrams: DatagramSwitch;
  readonly routes = new Map<string, string>();
  readonly onTheWay: { readonly to: string; readonly message: Uint8Array }[] = [];
  queuedBytes = 0;
  maxMessageBytes = 65_535;
  readonly #clock: TurnedClock;

  constructor(id: string, clock: TurnedClock, options: Parameters<SwitchNet["node"]>[1] = {}) {
    const { rules = [], ...more } = options;
    this.id = id;
    this.#clock = clock;
    this.names.learn(id);
    this.datagrams = new DatagramSwitch({
      ownId: id,
      names: this.names,
      environment: clock,
      log: silentLog,
      nextHop: (node) => this.#roadTo(this.routes.get(node)),
      isStubHere: () => false,
      host: () => false,
      ...more,
      rules: parseFirewallRules(rules),
    });
  }

  open(service?: string): KeptSocket {
    const { events, ...kept } = keeper();
    return { ...kept, ...this.datagrams.open(service, events) };
  }

  openFor(node: string, service: string): KeptSocket {
    const { events, ...kept } = keeper();
    return { ...kept, ...this.datagrams.openFor(node, service, events) };
  }

  ping(node: string, hops?: number, signal?: AbortSignal): Promise<PingReply> {
    return ping(this.datagrams, this.#clock, this.id, node, { hops, signal });
  }

  traceroute(node: string): AsyncGenerator<PingReply, void, undefined> {
    return traceroute((hops) => this.ping(node, hops));
  }

  #roadTo(to: string | undefined): Road | undefined {
    if (to === undefined) return undefined;
    const { queuedBytes, maxMessageBytes } = this;
    const send = (message: Uint8Array): void => void this.onTheWay.push({ to, message });
    const kind = { description: to, isReliable: true, provenNodeIds: undefined };
    return { ...kind, queuedBytes, maxMessageBytes, send, close: () => {} };
  }
}

function keeper() {
  const received: KeptSocket["received"] = [];
  const unreachable: UnreachableReport[] = [];
  const events: DatagramEvents = {
    received: (payload, fromNode, fromService) =>
      void received.push({ text: Buffer.from(payload).toString(), fromNode, fromService }),
    unreachable: (report) => void unreachable.push(report),
  };
  return { received, unreachable, events };
}
