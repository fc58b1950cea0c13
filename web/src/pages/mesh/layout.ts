import type { MeshMap } from "#server/wire";
import { type Edge, neighboursOf } from "./mesh-graph.ts";

/** Where a node stands; the server is at 0, 0. */
export interface Place {
  readonly node: string;
  readonly x: number;
  readonly y: number;
  /** Direction from the server, radians; its name goes on in it. */
  readonly angle: number;
  readonly hops: number;
  /** Nothing stands behind it. */
  readonly isOuter: boolean;
}

export interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  /** Radius of the outermost ring, px. */
  readonly radius: number;
  /** Names stand so close that they must run outwards. */
  readonly isDense: boolean;
  /** Lines of the tree, by {@link edgeKey}; all others cross it. */
  readonly tree: ReadonlySet<string>;
}

const leastRingPx = 120;
/** A name's line takes so much of a ring. */
const namePx = 19;
const denseFrom = 14;

export const edgeKey = (a: string, b: string): string => JSON.stringify(a < b ? [a, b] : [b, a]);

/**
 * Rings around the server by number of links, each node near the one it hangs off. The same mesh is always drawn the same
 * way, and rings grow until each name has a line of its own.
 */
export function layoutOf({ server, nodes }: Pick<MeshMap, "server" | "nodes">, edges: readonly Edge[]): Layout {
  const { children, tree } = treeOf(server, nodes.map(({ node }) => node).sort(), neighboursOf(edges));
  const leaves = leavesOf(server, children);
  const all = Math.max(1, leaves.get(server) ?? 1);
  const ring = Math.max(leastRingPx, (all * namePx) / (2 * Math.PI));
  const places = new Map<string, Place>();
  let deepest = 0;
  const place = (node: string, hops: number, from: number): void => {
    const width = leaves.get(node) ?? 1;
    const angle = hops === 0 ? 0 : -Math.PI / 2 + (2 * Math.PI * (from + width / 2)) / all;
    const own = children.get(node) ?? [];
    const [x, y] = [hops * ring * Math.cos(angle), hops * ring * Math.sin(angle)];
    places.set(node, { node, x, y, angle, hops, isOuter: own.length === 0 });
    deepest = Math.max(deepest, hops);
    let next = from;
    for (const child of own) {
      place(child, hops + 1, next);
      next += leaves.get(child) ?? 1;
    }
  };
  place(server, 0, 0);
  return { places, radius: deepest * ring, isDense: all > denseFrom, tree };
}

/** Each node below the first of the nearer ones that knows it; who is known by nobody stands beside the server. */
function treeOf(server: string, nodes: readonly string[], neighbours: ReadonlyMap<string, readonly string[]>) {
  const known = new Set(nodes);
  const seen = new Set([server]);
  const children = new Map<string, string[]>();
  const tree = new Set<string>();
  for (const queue = [server]; queue.length > 0; ) {
    const node = queue.shift() as string;
    const own = (neighbours.get(node) ?? []).filter((one) => known.has(one) && !seen.has(one));
    for (const child of own) {
      seen.add(child);
      tree.add(edgeKey(node, child));
      queue.push(child);
    }
    children.set(node, own);
  }
  children.get(server)?.push(...nodes.filter((node) => !seen.has(node)));
  return { children, tree };
}

function leavesOf(server: string, children: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  // Children stand behind their parents in this order; from its end each is counted when its own are.
  const order = [server];
  for (const node of order) order.push(...(children.get(node) ?? []));
  for (const node of order.reverse()) {
    const own = children.get(node) ?? [];
    counts.set(
      node,
      Math.max(
        1,
        own.reduce((sum, child) => sum + (counts.get(child) ?? 1), 0),
      ),
    );
  }
  return counts;
}
