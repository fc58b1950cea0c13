import { resolve } from "node:path";

/** A folder as itself and all that it lies in, the root first. Two that end in the same are the same folder. */
export type FolderLine = readonly string[];

/** Where a watcher takes files from, and where it moves them to. */
export interface FileMover {
  readonly name: string;
  readonly folder: FolderLine;
  /** How many folders down it looks. */
  readonly depth: number;
  readonly targets: readonly { readonly key: "onSuccess" | "onFailure"; readonly folder: FolderLine }[];
}

/** A watcher as a document writes it. @param lineOf what stands behind a path. */
export function moverOf(
  { name, folder, depth = 0, onSuccess, onFailure }: WrittenMover,
  lineOf: (path: string) => FolderLine,
): FileMover {
  const targets = Object.entries({ onSuccess, onFailure } as const).flatMap(([key, afterwards]) =>
    typeof afterwards === "object"
      ? [{ key: key as "onSuccess" | "onFailure", folder: lineOf(afterwards.moveTo) }]
      : [],
  );
  return { name, folder: lineOf(folder), depth, targets };
}

/** A folder as its path says, links not looked at. */
export function writtenLine(path: string): FolderLine {
  const whole = resolve(path);
  const names = whole === "/" ? [""] : whole.split("/");
  return names.map((_, n) => names.slice(0, n + 1).join("/") || "/");
}

type WrittenAfterwards = "leave" | "delete" | { readonly moveTo: string };

/** What of a watcher in a document says where files come from and go to. */
export interface WrittenMover {
  readonly name: string;
  readonly folder: string;
  readonly depth?: number | undefined;
  readonly onSuccess?: WrittenAfterwards | undefined;
  readonly onFailure?: WrittenAfterwards | undefined;
}

/** A move that brings files back, sooner or later, to a watcher that has had them. */
export interface Circle {
  /** Which of the movers, and by which key. */
  readonly mover: number;
  readonly key: "onSuccess" | "onFailure";
  /** Names of the watchers that a file comes by, this one first. */
  readonly through: readonly string[];
  /** It is moved to the very folder it is taken from. */
  readonly isHome: boolean;
}

/**
 * The moves that would make files go round for ever, each file with one unit after the other. Which names count is not
 * looked at: a circle that only some files could take is one.
 */
export function circlesOf(movers: readonly FileMover[]): Circle[] {
  const next = movers.map((mover) => mover.targets.map((target) => seenBy(movers, mover, target.folder)));
  return movers.flatMap((mover, n) =>
    mover.targets.flatMap(({ key, folder }, t) => {
      const way = shortestWay(next, next[n]?.[t] ?? [], n);
      if (!way) return [];
      const through = [n, ...way.slice(0, -1)].map((step) => movers[step]?.name ?? "");
      return [{ mover: n, key, through, isHome: stepsDown(mover.folder, folder) === 0 }];
    }),
  );
}

/** Those that may find a file again that `from` has moved to `target`. */
function seenBy(movers: readonly FileMover[], from: FileMover, target: FolderLine): number[] {
  return [...movers.keys()].filter((n) => {
    const mover = movers[n];
    if (!mover) return false;
    const down = stepsDown(mover.folder, target);
    if (mover === from) return down !== undefined && down <= mover.depth;
    if (down !== undefined) return down <= mover.depth && !isClosed(mover, target);
    // Folders between are made in the target as they are at the source.
    const up = stepsDown(target, mover.folder);
    return up !== undefined && up <= from.depth;
  });
}

/** What a watcher moves files to below its own folder it does not look at. */
function isClosed({ folder, targets }: FileMover, place: FolderLine): boolean {
  return targets.some((own) => (stepsDown(folder, own.folder) ?? 0) > 0 && stepsDown(own.folder, place) !== undefined);
}

/** How far below `upper` a folder is; undefined: it is not. */
function stepsDown(upper: FolderLine, lower: FolderLine): number | undefined {
  const at = lower.lastIndexOf(upper.at(-1) ?? "");
  return at < 0 ? undefined : lower.length - 1 - at;
}

/** Breadth first, so that what is told to people is the shortest. @returns the steps to `goal`, it included. */
function shortestWay(next: readonly (readonly number[][])[], first: readonly number[], goal: number) {
  const ways = first.map((step) => [step]);
  const seen = new Set(first);
  for (const way of ways) {
    const last = way.at(-1) ?? goal;
    if (last === goal) return way;
    for (const step of (next[last] ?? []).flat()) {
      if (seen.has(step)) continue;
      seen.add(step);
      ways.push([...way, step]);
    }
  }
  return undefined;
}

/** What is wrong with a move, and what to do about it. */
export function circleText({ through, isHome }: Circle): string {
  if (isHome) return "files would be moved into the folder they are taken from: name another";
  if (through.length === 1)
    return "files would be moved to where this watcher looks for them: name a folder outside of its own, or a smaller depth";
  const way = [...through, through[0]].join(" → ");
  return `files would go round for ever, ${way}: name a folder that none of these watchers looks into`;
}
