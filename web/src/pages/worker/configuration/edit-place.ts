import type { WorkerView } from "#server/wire";

/** The label by which an admin names a configuration of the server for a worker. */
export const configLabel = "farhand/config";

/** The configuration of the server that a worker takes, by what lists know of it; undefined: it keeps one itself. */
export const heldConfigOf = ({ mode, labels }: Pick<WorkerView, "mode" | "labels">): string | undefined =>
  mode === "cloud" ? labels[configLabel] : undefined;

/** Where the configuration of a worker is edited (CAT-78): at the server, also while it is away, or through its service. */
export function editPlace(worker: Pick<WorkerView, "name" | "mode" | "labels">) {
  const name = heldConfigOf(worker);
  return name === undefined
    ? ({ to: "/workers/$worker", params: { worker: worker.name }, search: { tab: "configuration" } } as const)
    : ({ to: "/configurations/$name", params: { name }, search: { tab: "edit" } } as const);
}
