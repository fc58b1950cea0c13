import { errorText, type Log } from "#core";
import type { DatagramSwitch } from "../datagram/datagram-switch.ts";
import type { Link } from "../routing/link.ts";
import { splice } from "./splice.ts";
import type { MeshStream, StreamEngine } from "./stream.ts";

/** Services of one stub that are answered at most. */
const maxServices = 256;

/** What hosting a stub takes. */
export interface StubHostOptions {
  readonly datagrams: Pick<DatagramSwitch, "stopHosting">;
  readonly log: Log;
  /** Engine whose sockets are opened for another node; one for each stub that needs it. */
  readonly engineFor: (stub: string) => StreamEngine;
  /** A stream to the stub, over its link. */
  readonly dialStub: (fromNode: string, stub: string, service: string) => Promise<MeshStream>;
}

interface Hosted {
  readonly engine: StreamEngine;
  readonly services: Set<string>;
}

/**
 * A hub speaks QUIC in the name of its stubs, and joins each stream to one over the stub's link (design §4.2). It answers
 * for stubs that have no QUIC themselves, and dials for all. Nothing is kept for a stub until somebody asks for it.
 */
export class StubHost {
  readonly #options: StubHostOptions;
  readonly #hosted = new Map<string, Hosted>();

  constructor(options: StubHostOptions) {
    this.#options = options;
  }

  /** Begin to answer for a service of a stub: the first datagram for it passes by. @returns false: it cannot be done. */
  host(stub: string, service: string): boolean {
    const { engine, services } = this.#of(stub);
    if (services.has(service)) return true;
    if (services.size >= maxServices) return false;
    try {
      engine.listen(service, { accept: (stream) => void this.#join(stream, stub, service) });
    } catch (error) {
      this.#options.log.debug(`service ${service} of stub ${stub} is not answered for: ${errorText(error)}`);
      return false;
    }
    services.add(service);
    return true;
  }

  /** A stream to any node in the name of a stub. */
  dial(stub: string, node: string, service: string, signal: AbortSignal): Promise<MeshStream> {
    return this.#of(stub).engine.dial(node, service, { signal });
  }

  /** The stub is gone. */
  drop({ peer }: Link): void {
    const hosted = this.#hosted.get(peer);
    if (!hosted) return;
    this.#hosted.delete(peer);
    this.#options.datagrams.stopHosting(peer);
    void hosted.engine.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosted.values()].map(({ engine }) => engine.close()));
    this.#hosted.clear();
  }

  #of(stub: string): Hosted {
    const known = this.#hosted.get(stub);
    if (known) return known;
    const hosted = { engine: this.#options.engineFor(stub), services: new Set<string>() };
    this.#hosted.set(stub, hosted);
    return hosted;
  }

  async #join(stream: MeshStream, stub: string, service: string): Promise<void> {
    try {
      await splice(stream, await this.#options.dialStub(stream.remoteNode, stub, service));
    } catch (error) {
      this.#options.log.debug(`a stream to stub ${stub} was not joined`, { error });
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
