import { randomBytes } from "node:crypto";
import { silentLog } from "#core";
import { MeshError } from "../../src/mesh/errors.ts";
import type { DatagramEvents, OpenDatagrams } from "../../src/mesh/stream/datagrams.ts";
import { type DirectStreams, openDirectStreams } from "../../src/mesh/stream/direct/direct-streams.ts";
import type { ListenOptions, MeshStream, StreamEngine } from "../../src/mesh/stream/stream.ts";
import { memoryPipes } from "./direct-pipes.ts";

/** A node of a mesh of two: its streams and datagrams are real, its routing is a lookup. */
export interface TestNode {
  readonly id: string;
  readonly streams: Pick<StreamEngine, "dial" | "listen">;
  readonly openDatagrams: OpenDatagrams;
  /** Datagram sockets that are open. */
  readonly datagramSockets: number;
  /** The tls profile names of dials, in order. */
  readonly dialledWith: (string | undefined)[];
}

/** `alpha` and `beta`, joined by a pipe in memory. At the end of its scope the pipe breaks. */
export interface TwoNodes extends Disposable {
  readonly alpha: TestNode;
  readonly beta: TestNode;
}

export function twoNodes(): TwoNodes {
  const [alphaPipe, betaPipe] = memoryPipes();
  const sockets = new Map<string, DatagramEvents>();
  const alpha = new Node("alpha", sockets);
  const beta = new Node("beta", sockets);
  alpha.join(openDirectStreams(alphaPipe, { isInitiator: true, accept: alpha.accept, log: silentLog }));
  beta.join(openDirectStreams(betaPipe, { isInitiator: false, accept: beta.accept, log: silentLog }));
  return { alpha, beta, [Symbol.dispose]: () => alphaPipe.break() };
}

class Node implements TestNode {
  readonly id: string;
  readonly dialledWith: (string | undefined)[] = [];
  readonly #services = new Map<string, ListenOptions>();
  readonly #sockets: Map<string, DatagramEvents>;
  #link!: DirectStreams;

  constructor(id: string, sockets: Map<string, DatagramEvents>) {
    this.id = id;
    this.#sockets = sockets;
  }

  join(link: DirectStreams): void {
    this.#link = link;
  }

  readonly accept: Parameters<typeof openDirectStreams>[1]["accept"] = (request) => {
    const listening = this.#services.get(request.service);
    if (listening) listening.accept(request.accept());
    else request.refuse("SERVICE_UNKNOWN", `no service ${request.service}`);
  };

  readonly streams: TestNode["streams"] = {
    dial: async (toNode, service, { signal, tls }): Promise<MeshStream> => {
      this.dialledWith.push(tls);
      return this.#link.open({ fromNode: this.id, toNode, service }, { signal });
    },
    listen: (service, options) => {
      this.#services.set(service, options);
      return { close: async () => void this.#services.delete(service) };
    },
  };

  readonly openDatagrams: OpenDatagrams = (name, events) => {
    const service = name ?? randomBytes(4).toString("hex");
    const address = `${this.id} ${service}`;
    this.#sockets.set(address, events);
    return {
      service,
      send: (toNode, toService, payload) => {
        if (payload.length > 16_000) throw new MeshError("MESSAGE_TOO_LONG", "too long for the mesh");
        const to = this.#sockets.get(`${toNode} ${toService}`);
        setImmediate(() => {
          if (to) to.received(payload, this.id, service);
          else events.unreachable({ reporter: toNode, toNode, toService, problem: "service unknown" });
        });
      },
      close: () => void this.#sockets.delete(address),
    };
  };

  get datagramSockets(): number {
    return [...this.#sockets.keys()].filter((address) => address.startsWith(`${this.id} `)).length;
  }
}
