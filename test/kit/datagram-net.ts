import { MeshError } from "../../src/mesh/errors.ts";
import type { DatagramEvents, DatagramSocket, OpenDatagrams } from "../../src/mesh/stream/datagrams.ts";

/** What becomes of datagrams between nodes. */
export interface Weather {
  /** Part of the datagrams that get lost, 0 to 1. */
  loss?: number;
  /** Part that is overtaken by later ones. */
  reorder?: number;
  /** Part that arrives twice. */
  duplicate?: number;
  /** Draws numbers from 0 to 1. */
  random?: () => number;
  /** Sees each datagram before it is sent; false: it gets lost. May throw what a node without a route throws. */
  look?: (datagram: Uint8Array, from: string, to: string) => boolean;
}

/** Nodes that reach each other's datagram sockets within this process. */
export class DatagramNet {
  weather: Weather;
  readonly #sockets = new Map<string, DatagramEvents>();
  #ephemeral = 0;

  constructor(weather: Weather = {}) {
    this.weather = weather;
  }

  /** Names (`node:service`) of all open sockets. */
  get sockets(): string[] {
    return [...this.#sockets.keys()];
  }

  /** A socket is gone without a word, as when its process is killed: it neither hears nor says anything more. */
  forget(name: string): void {
    this.#sockets.delete(name);
  }

  /** What a node is given to open sockets with. */
  node(nodeId: string): OpenDatagrams {
    return (service, events) =>
      this.#open(nodeId, service ?? `eph${String(this.#ephemeral++).padStart(5, "0")}`, events);
  }

  #open(nodeId: string, service: string, events: DatagramEvents): DatagramSocket {
    const name = `${nodeId}:${service}`;
    if (this.#sockets.has(name)) throw new MeshError("SERVICE_TAKEN", `service ${service} is already listening`);
    this.#sockets.set(name, events);
    return {
      service,
      send: (toNode, toService, payload) => {
        if (this.#sockets.get(name) === events) this.#send(nodeId, service, toNode, toService, payload);
      },
      close: () => {
        if (this.#sockets.get(name) === events) this.#sockets.delete(name);
      },
    };
  }

  #send(fromNode: string, fromService: string, toNode: string, toService: string, payload: Uint8Array): void {
    const to = `${toNode}:${toService}`;
    if (fromNode === toNode && !this.#sockets.has(to)) throw new MeshError("SERVICE_UNKNOWN", "service unknown");
    const { loss = 0, reorder = 0, duplicate = 0, random = Math.random, look } = this.weather;
    if (look && !look(payload, `${fromNode}:${fromService}`, to)) return;
    if (random() < loss) return;
    const arrive = () => this.#arrive(fromNode, fromService, toNode, toService, payload);
    if (random() < duplicate) setImmediate(arrive);
    if (random() < reorder) setTimeout(arrive, 1 + 3 * random());
    else setImmediate(arrive);
  }

  #arrive(fromNode: string, fromService: string, toNode: string, toService: string, payload: Uint8Array): void {
    const receiver = this.#sockets.get(`${toNode}:${toService}`);
    // The receiver owns what it gets and may alter it.
    if (receiver) receiver.received(Buffer.from(payload), fromNode, fromService);
    else {
      const report = { reporter: toNode, toNode, toService, problem: "service unknown" };
      this.#sockets.get(`${fromNode}:${fromService}`)?.unreachable(report);
    }
  }
}
