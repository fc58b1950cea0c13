import type { Registry } from "../registry/registry.ts";
import type { Worker } from "../registry/worker.ts";

const pageWorkers = 1_000;

/** Nodes of workers that may be on the mesh of this server: asked for every link, hence in memory. */
export class Members {
  readonly #byNode = new Map<string, string>();
  readonly #byWorker = new Map<string, string>();

  /** All workers that were not removed. */
  async load(registry: Pick<Registry, "list">): Promise<void> {
    for (let after: string | undefined; ; ) {
      const page: Worker[] = await registry.list(after, pageWorkers);
      for (const { id, node, state } of page) if (state !== "removed") this.add(id, node);
      after = page.at(-1)?.name;
      if (after === undefined || page.length < pageWorkers) return;
    }
  }

  add(workerId: string, node: string): void {
    this.#byNode.set(node, workerId);
    this.#byWorker.set(workerId, node);
  }

  /** @returns its node, when it was one. */
  remove(workerId: string): string | undefined {
    const node = this.#byWorker.get(workerId);
    this.#byWorker.delete(workerId);
    if (node !== undefined) this.#byNode.delete(node);
    return node;
  }

  workerOf(node: string): string | undefined {
    return this.#byNode.get(node);
  }

  nodeOf(workerId: string): string | undefined {
    return this.#byWorker.get(workerId);
  }
}
