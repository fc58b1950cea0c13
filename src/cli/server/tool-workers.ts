import { CliError } from "../errors.ts";
import { labelsOf } from "./labels.ts";
import { allOf } from "./pages.ts";
import { type SeenWorker, seenWorker } from "./seen-worker.ts";
import type { WorkersApi } from "./workers-api.ts";

/** How a command names single workers. */
export type Naming = "WORKER…" | "--on WORKER";

/**
 * The workers that a tool is to run on: by name, or those with labels that are connected.
 *
 * @param from `NAME=VALUE` each, as often as given; a `*` in a value stands for any text. `*` alone is every worker.
 * @throws {CliError} `USAGE` when none or both are given, or no worker has these labels.
 */
export async function toolWorkers(
  api: WorkersApi,
  names: readonly string[],
  from: readonly string[] | undefined,
  naming: Naming = "WORKER…",
): Promise<string[]> {
  const remedy = `${naming}, or --from NAME=VALUE`;
  if (names.length > 0 === (from !== undefined)) {
    throw new CliError("USAGE", from === undefined ? "no worker is named" : "name workers in one way", { remedy });
  }
  if (from === undefined) return [...new Set(names)];
  const pairs = from.filter((label) => label !== "*");
  const wanted = Object.entries(labelsOf(pairs, remedy));
  const all = (await allOf(api, "/workers", { limit: 500 })).map(seenWorker);
  const found = all.filter((worker) => worker.state === "online" && hasAll(worker, wanted));
  if (found.length > 0) return found.map(({ name }) => name);
  throw new CliError("USAGE", "no worker that is connected has these labels", {
    remedy: "`farhand workers` lists them",
  });
}

function hasAll({ labels }: SeenWorker, wanted: readonly (readonly [string, string])[]): boolean {
  return wanted.every(([name, pattern]) => {
    const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
    return value !== undefined && matches(value, pattern);
  });
}

function matches(value: string, pattern: string): boolean {
  const text = pattern
    .split("*")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(".*");
  return new RegExp(`^${text}$`, "s").test(value);
}
