import type { Log } from "#core";
import type { DatagramSwitch } from "../datagram/datagram-switch.ts";
import type { Link } from "../routing/link.ts";
import { splice } from "./splice.ts";
import type { MeshStream, StreamEngine } from "./stream.ts";

/** What hosting a stub takes. */
export interface StubHostOptions {
  readonly datagrams: DatagramSwitch;
  readonly log: Log;
  /** Engine whose sockets are opened for another node; one for each stub somebody asked for. */
  readonly engineFor: (stub: string) => StreamEngine;
  /** A stream to the stub, over its link. */
  readonly dialStub: (fromNode: string, stub: string, service: string) => Promise<MeshStream>;
}

/**
 * A hub answers QUIC for stubs that speak none themselves, and joins each stream to one over the stub's link (design
 * §4.2). Nothing is kept for a stub until somebody asks for it.
 */
export class StubHost {
  readonly #options: StubHostOptions;
  readonly #engines = new Map<string, { readonly engine: StreamEngine; readonly services: Set<string> }>();

  constructor(options: StubHostOptions) {
    this.#options = options;
  }

  /** Begin to answer for a service of a stub. Called when the first datagram for it passes by. */
  host(stub: string, service: string): void {
    let hosted = this.#engines.get(stub);
    if (!hosted) this.#engines.set(stub, (hosted = { engine: this.#options.engineFor(stub), services: new Set() }));
    if (hosted.services.has(service)) return;
    hosted.services.add(service);
    hosted.engine.listen(service, { accept: (stream) => void this.#join(stream, stub, service) });
  }

  /** The stub is gone. */
  drop(link: Link): void {
    const hosted = this.#engines.get(link.peer);
    if (!hosted) return;
    this.#engines.delete(link.peer);
    this.#options.datagrams.stopHosting(link.peer);
    void hosted.engine.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#engines.values()].map(({ engine }) => engine.close()));
    this.#engines.clear();
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
