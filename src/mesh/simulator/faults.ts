import { farSite, type SimulatedMesh, type SimulatedRoad, type Site } from "./simulated-mesh.ts";

/** What can go wrong in a simulation. */
export const faultKinds = ["partition", "loss", "reorder", "restart", "duplicate-id"] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A fault that was made. */
export interface Fault {
  readonly kind: FaultKind;
  /** Milliseconds until it is to be ended. */
  readonly lastsMs: number;
  /** Everybody who can reach each other must agree while it lasts; otherwise only after its end. */
  readonly isClear: boolean;
  /** Put things right again. @returns what did not hold. */
  end(): string | undefined;
}

const secondMs = 1000;
const minuteMs = 60_000;

/** Make one fault of a kind, somewhere in the mesh. */
export const makeFault: Readonly<Record<FaultKind, (mesh: SimulatedMesh) => Fault>> = {
  partition,
  loss: (mesh) =>
    badWeather(mesh, "loss", (weather) => {
      weather.loss = 0.01 + 0.2 * mesh.random();
    }),
  reorder: (mesh) =>
    badWeather(mesh, "reorder", (weather) => {
      weather.jitterMs = 10 + 500 * mesh.random();
      weather.doubling = 0.2 * mesh.random();
    }),
  restart,
  "duplicate-id": duplicateId,
};

/** Every road between a connected part and the rest is cut: noticed by both ends, or by their silence alone. */
function partition(mesh: SimulatedMesh): Fault {
  const size = Math.ceil(mesh.sites.length * (0.01 + 0.04 * mesh.random()));
  const part = grow(pick(mesh, running(mesh)), size);
  const cut = mesh.roads.filter(({ dialer, listener }) => part.has(dialer) !== part.has(listener));
  for (const road of cut) {
    mesh.block(road);
    if (mesh.random() < 0.5) road.session?.cut();
  }
  return {
    kind: "partition",
    lastsMs: (1 + 9 * mesh.random()) * minuteMs,
    isClear: true,
    end: () => {
      for (const road of cut) mesh.unblock(road);
      return undefined;
    },
  };
}

/** Some roads of the UDP kind lose, or reorder and double, messages for a while. */
function badWeather(mesh: SimulatedMesh, kind: FaultKind, change: (weather: SimulatedRoad["weather"]) => void): Fault {
  const roads = mesh.roads.filter(({ weather }) => !weather.isReliable && mesh.random() < 0.3);
  for (const { weather } of roads) change(weather);
  return {
    kind,
    lastsMs: (1 + 9 * mesh.random()) * minuteMs,
    isClear: false,
    end: () => {
      for (const { weather } of roads) weather.loss = weather.jitterMs = weather.doubling = 0;
      return undefined;
    },
  };
}

/** Up to three nodes go and come back: the daemon alone, or the whole machine, of which nobody then hears a word. */
function restart(mesh: SimulatedMesh): Fault {
  const sites = new Set(Array.from({ length: 1 + Math.floor(mesh.random() * 3) }, () => pick(mesh, running(mesh))));
  const dark = mesh.random() < 0.5 ? [...sites].flatMap(({ roads }) => roads) : [];
  for (const road of dark) mesh.block(road);
  for (const site of sites) mesh.stopNode(site);
  return {
    kind: "restart",
    lastsMs: 3 * secondMs + 2 * mesh.random() * minuteMs,
    isClear: true,
    end: () => {
      for (const road of dark) mesh.unblock(road);
      for (const site of sites) mesh.startNode(site);
      return undefined;
    },
  };
}

/** A second node takes the id of one that is there. The newer of the two must go (spec §8.1, item 6). */
function duplicateId(mesh: SimulatedMesh): Fault {
  const original = pick(mesh, running(mesh));
  const others = running(mesh).filter((site) => site !== original && !isNeighbour(site, original));
  const second = mesh.newNode(original.id);
  const session = mesh.join(second, pick(mesh, others.length > 0 ? others : [original]));
  return {
    kind: "duplicate-id",
    lastsMs: minuteMs,
    isClear: false,
    end: () => {
      const hasGone = second.isDuplicate || others.length === 0;
      session?.cut();
      second.stop();
      if (original.node?.isDuplicate) return `the older node ${original.id} gave way to a newer one of its id`;
      return hasGone ? undefined : `a newer node with the id ${original.id} did not shut down`;
    },
  };
}

/** Some nodes at the rim leave for good: those that have one road, so that nobody else is cut off. */
export function departure(mesh: SimulatedMesh, count: number): Site[] {
  const rim = running(mesh).filter(({ roads }) => roads.length === 1);
  const leaving = [...new Set(Array.from({ length: Math.min(count, rim.length) }, () => pick(mesh, rim)))];
  for (const site of leaving) {
    mesh.stopNode(site);
    site.leftAt = mesh.time.now;
  }
  return leaving;
}

function running(mesh: SimulatedMesh): Site[] {
  return mesh.sites.filter(({ node }) => node);
}

function isNeighbour(site: Site, other: Site): boolean {
  return other.roads.some((road) => farSite(road, other) === site);
}

/** A connected part of about so many sites. */
function grow(start: Site, size: number): Set<Site> {
  const part = new Set([start]);
  for (const site of part) for (const road of site.roads) if (part.size < size) part.add(farSite(road, site));
  return part;
}

function pick<T>(mesh: SimulatedMesh, from: readonly T[]): T {
  return from[Math.floor(mesh.random() * from.length)] as T;
}
