import { isNodeId } from "../packet/node-names.ts";
import type { Environment } from "../routing/environment.ts";
import type { Road } from "../routing/link.ts";

/** Byte 0 of an introduction: `[19][node id, UTF-8]`. Only a hub sends it, and only to its stubs. */
export const introductionType = 19;

/** A name is told again after so long: the stub may have lost it. */
const againMs = { reliable: 60_000, unreliable: 1_000 } as const;
/** Names remembered for each stub; beyond that they are told anew. */
const maxTold = 256;

/**
 * Tells stubs who sends them datagrams. Those name their sender by a hash (spec §3.5), and a stub hears of nobody, so it
 * could not even answer a ping.
 */
export class Introductions {
  readonly #environment: Pick<Environment, "elapsed">;
  readonly #told = new WeakMap<Road, Map<string, number>>();

  constructor(environment: Pick<Environment, "elapsed">) {
    this.#environment = environment;
  }

  /** To be called before a datagram of `node` goes to a stub. */
  introduce(road: Road, node: string): void {
    let told = this.#told.get(road);
    if (!told) this.#told.set(road, (told = new Map()));
    const now = this.#environment.elapsed();
    const before = told.get(node);
    if (before !== undefined && now - before < againMs[road.isReliable ? "reliable" : "unreliable"]) return;
    if (before === undefined && told.size >= maxTold) told.clear();
    told.set(node, now);
    road.send(Buffer.concat([Uint8Array.of(introductionType), Buffer.from(node)]));
  }
}

/** @returns the node id, or undefined when the message is not sound. */
export function decodeIntroduction(message: Uint8Array): string | undefined {
  try {
    const name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(message.subarray(1));
    return message[0] === introductionType && isNodeId(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
