import type { SimulatedMesh, SimulatedRoad, Site } from "./simulated-mesh.ts";

/** What can go wrong in a simulation. */
export const faultKinds = ["partition", "loss", "reorder", "restart", "duplicate-id"] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A fault that was made; `end` puts things right again. */
export interface Fault {
  readonly kind: FaultKind;
  /** Milliseconds until it ends by itself. */
  readonly lastsMs: number;
  end(): void;
  /** What must hold some time after the fault, or undefined: it does. */
  violation?(): string | undefined;
}

const minuteMs = 60_000;

/** Make one fault of a kind, somewhere in the mesh. */
export const makeFault: Readonly<Record<FaultKind, (mesh: SimulatedMesh) => Fault>> = {
  partition,
  loss: (mesh) => badWeather(mesh, "loss"),
  reorder: (mesh) => badWeather(mesh, "reorder"),
  restart,
  "duplicate-id": duplicateId,
};

/** The mesh falls into two: every road between a connected part and the rest is cut. */
function partition(mesh: SimulatedMesh): Fault {
  const part = grow(pick(mesh, mesh.sites), Math.ceil(mesh.sites.length * (0.02 + 0.08 * mesh.random())));
  const cut = mesh.roads.filter(({ a, b, isCut }) => !isCut && part.has(a) !== part.has(b));
  for (const road of cut) mesh.cut(road);
  const end = (): void => {
    for (const road of cut) mesh.heal(road);
  };
  return { kind: "partition", lastsMs: (1 + 9 * mesh.random()) * minuteMs, end };
}

/** Some roads lose or reorder messages for a while. */
function badWeather(mesh: SimulatedMesh, kind: "loss" | "reorder"): Fault {
  const roads = mesh.roads.filter(({ isReliable }) => !isReliable && mesh.random() < 0.3);
  for (const { weather } of roads) {
    if (kind === "loss") weather.loss = 0.01 + 0.2 * mesh.random();
    else weather.jitterMs = 10 + 500 * mesh.random();
  }
  const end = (): void => {
    for (const { weather } of roads) {
      if (kind === "loss") weather.loss = 0;
      else weather.jitterMs = 0;
    }
  };
  return { kind, lastsMs: (1 + 9 * mesh.random()) * minuteMs, end };
}

function restart(mesh: SimulatedMesh): Fault {
  const running = mesh.sites.filter(({ node }) => node);
  const sites = Array.from({ length: 1 + Math.floor(mesh.random() * 3) }, () => pick(mesh, running));
  for (const site of sites) mesh.stopNode(site);
  const end = (): void => {
    for (const site of sites) if (!site.node) mesh.startNode(site);
  };
  return { kind: "restart", lastsMs: (0.05 + 2 * mesh.random()) * minuteMs, end };
}

/** A second node takes the id of one that is there. The newer of the two must go (spec §8.1, item 6). */
function duplicateId(mesh: SimulatedMesh): Fault {
  const running = mesh.sites.filter(({ node }) => node);
  const original = pick(mesh, running);
  const elsewhere = pick(
    mesh,
    running.filter((site) => site !== original && !isNeighbour(site, original)),
  );
  const first = original.node;
  const second = mesh.newNode(original.id);
  const session = mesh.join(second, elsewhere);
  return {
    kind: "duplicate-id",
    lastsMs: minuteMs,
    end: () => {
      session?.cut();
      second.stop();
    },
    violation: () => {
      if (original.node !== first || !first) return undefined;
      if (first.isDuplicate) return `the older node ${original.id} gave way to a newer one of its id`;
      return second.isDuplicate ? undefined : `a newer node with the id ${original.id} did not shut down`;
    },
  };
}

function isNeighbour(site: Site, other: Site): boolean {
  return other.roads.some(({ a, b }: SimulatedRoad) => a === site || b === site);
}

/** A connected part of about so many sites. */
function grow(start: Site, size: number): Set<Site> {
  const part = new Set([start]);
  for (const site of part) {
    for (const { a, b } of site.roads) if (part.size < size) part.add(a === site ? b : a);
  }
  return part;
}

function pick<T>(mesh: SimulatedMesh, from: readonly T[]): T {
  return from[Math.floor(mesh.random() * from.length)] as T;
}
