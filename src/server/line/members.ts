import type { KeyObject } from "node:crypto";
import { workerKey } from "#fleet";
import type { Store } from "../store/store.ts";
import { memberRows } from "../store/workers.ts";

interface Member {
  readonly workerId: string;
  /** As registrations have it. */
  readonly publicKey: string;
}

/** Nodes of workers that may be on the mesh of this server: asked for every link, hence in memory. */
export class Members {
  readonly #byNode = new Map<string, Member>();
  readonly #byWorker = new Map<string, string>();

  /** All workers that were not removed. */
  async load(store: Store): Promise<void> {
    for (const { id, node, public_key: publicKey } of await memberRows(store.db)) this.add(id, node, publicKey);
  }

  /** A worker that has taken another's place has a node of its own: the former one is nobody's from now on. */
  add(workerId: string, node: string, publicKey: string): void {
    const before = this.#byWorker.get(workerId);
    if (before !== undefined) this.#byNode.delete(before);
    this.#byNode.set(node, { workerId, publicKey });
    this.#byWorker.set(workerId, node);
  }

  /** @returns its node, when it was one. */
  remove(workerId: string): string | undefined {
    const node = this.#byWorker.get(workerId);
    this.#byWorker.delete(workerId);
    if (node !== undefined) this.#byNode.delete(node);
    return node;
  }

  get size(): number {
    return this.#byWorker.size;
  }

  workerOf(node: string): string | undefined {
    return this.#byNode.get(node)?.workerId;
  }

  /** The key that the worker of a node registered with last. */
  keyOf(node: string): KeyObject | undefined {
    const member = this.#byNode.get(node);
    return member && workerKey(member.publicKey);
  }

  nodeOf(workerId: string): string | undefined {
    return this.#byWorker.get(workerId);
  }
}
