import type { Beat, MeshMap, MeshNode, WorkerView } from "#server/wire";
import type { Edge } from "./mesh-graph.ts";

/** A node of the map, with what is known of the worker that it is. */
export interface SeenNode extends MeshNode {
  readonly links: number;
  readonly state?: WorkerView["state"];
  /** When its worker was heard last. */
  readonly heardAt?: number;
}

/** The nodes in the order of their kinds and names, the server first. */
export function seenNodes(
  { nodes }: Pick<MeshMap, "nodes">,
  edges: readonly Edge[],
  workers: readonly WorkerView[],
  beats: ReadonlyMap<string, Beat>,
): readonly SeenNode[] {
  const byId = new Map(workers.map((worker) => [worker.id, worker]));
  const counts = new Map<string, number>();
  for (const { a, b } of edges) for (const node of [a, b]) counts.set(node, (counts.get(node) ?? 0) + 1);
  return nodes
    .map((node): SeenNode => {
      const worker = node.worker && byId.get(node.worker.id);
      const heardAt = worker && (beats.get(worker.id)?.at ?? worker.seenAt ?? undefined);
      return {
        ...node,
        links: counts.get(node.node) ?? 0,
        ...(worker && { state: worker.state }),
        ...(heardAt !== undefined && { heardAt }),
      };
    })
    .sort((a, b) => rank(a) - rank(b) || (nameOf(a) < nameOf(b) ? -1 : 1));
}

const kinds: readonly MeshNode["kind"][] = ["server", "worker", "node"];
const rank = ({ kind }: MeshNode): number => kinds.indexOf(kind);

/** As people call it: by the worker that it is, else by its own name. */
export const nameOf = ({ node, worker }: Pick<MeshNode, "node" | "worker">): string => worker?.name ?? node;
