import type { MeshLink, MeshMap } from "#server/wire";

/** What is drawn between two nodes: one line, whichever of them told of it. */
export interface Edge {
  readonly a: string;
  readonly b: string;
  /** From `a` to `b`, and the other way; undefined: nobody told that one. */
  readonly cost: number | undefined;
  readonly back: number | undefined;
  readonly road: string | undefined;
  /** The nodes that told of it. */
  readonly toldBy: readonly string[];
}

const keyOf = (a: string, b: string): string => JSON.stringify([a, b]);

/** Links of both directions as lines, in the order of their names. */
export function edgesOf({ links }: Pick<MeshMap, "links">): readonly Edge[] {
  const byKey = new Map<string, Map<string, MeshLink>>();
  for (const link of links) {
    const [a, b] = link.from < link.to ? [link.from, link.to] : [link.to, link.from];
    if (a === b) continue;
    const both = byKey.get(keyOf(a, b)) ?? new Map<string, MeshLink>();
    byKey.set(keyOf(a, b), both.set(link.from, link));
  }
  return [...byKey]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, both]) => {
      const [a, b] = JSON.parse(key) as [string, string];
      const [there, back] = [both.get(a), both.get(b)];
      const toldBy = [...both.keys()].sort();
      return { a, b, cost: there?.cost, back: back?.cost, road: there?.road ?? back?.road, toldBy };
    });
}

/** The cost of a line in words; both directions where they differ. */
export function costText({ cost, back }: Pick<Edge, "cost" | "back">): string {
  if (cost === undefined || back === undefined || cost === back) return String(cost ?? back ?? "");
  return `${cost} / ${back}`;
}

/** Who is next to whom. */
export function neighboursOf(edges: readonly Edge[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const add = (from: string, to: string) => {
    const list = found.get(from);
    if (list) list.push(to);
    else found.set(from, [to]);
  };
  for (const { a, b } of edges) {
    add(a, b);
    add(b, a);
  }
  for (const list of found.values()) list.sort();
  return found;
}
