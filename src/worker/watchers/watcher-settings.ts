import { resolve } from "node:path";
import { parseGoDuration } from "#core";
import type { WorkerConfiguration } from "../configuration/mod.ts";

/** A watcher as the configuration writes it. */
export type WrittenWatcher = WorkerConfiguration["watchers"][number];

/** What becomes of a file whose unit has ended. */
export type Afterwards = "leave" | "delete" | { readonly moveTo: string };

/** A watched folder with nothing left open; times in milliseconds. */
export interface WatcherSettings {
  readonly name: string;
  /** Whole path. */
  readonly folder: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** How many folders down files count. */
  readonly depth: number;
  /** A file counts when it has not changed for so long. */
  readonly settleMs: number;
  /** A file counts only while one with this behind its name is there too. */
  readonly marker: string | undefined;
  /** Longest time between two looks at the folder, unless a look takes long itself. */
  readonly everyMs: number;
  readonly workType: string;
  readonly give: "path" | "payload";
  /** Template of the params; undefined: there are none. */
  readonly params: string | undefined;
  readonly onSuccess: Afterwards;
  readonly onFailure: Afterwards;
  readonly maxUnits: number;
}

/** What holds where a watcher says nothing: hidden files do not count, and every file stays where it is. */
export function watcherSettings(written: WrittenWatcher): WatcherSettings {
  const { name, workType, marker, give = "path" } = written;
  return {
    // However it is written, it is the same one.
    folder: resolve(written.folder),
    ...{ name, workType, marker, give },
    include: written.include ?? ["*"],
    exclude: written.exclude ?? [".*"],
    depth: written.depth ?? 0,
    // Whoever writes a marker says by it that the file is whole.
    settleMs: msOf(written.settle ?? (marker === undefined ? "2s" : "0s")),
    everyMs: Math.max(100, msOf(written.every ?? "10s")),
    params: written.params ?? (give === "path" ? "{path}" : undefined),
    onSuccess: written.onSuccess ?? "leave",
    onFailure: written.onFailure ?? "leave",
    maxUnits: written.maxUnits ?? 4,
  };
}

/** Of a text that the schema has let through. */
function msOf(text: string): number {
  return Number((parseGoDuration(text) ?? 0n) / 1_000_000n);
}
