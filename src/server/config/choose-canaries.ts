import { ServerError } from "../errors.ts";
import type { Worker } from "../registry/worker.ts";
import type { CanaryPlan } from "./rollout.ts";

/**
 * The workers that get a version first: of those that are online, the first by name, or all with the labels.
 *
 * @throws {ServerError} CANARY_NONE: then nobody would say whether the version is sound.
 */
export function chooseCanaries(
  name: string,
  users: readonly Worker[],
  isOnline: (worker: Worker) => boolean,
  { choose }: CanaryPlan,
): Worker[] {
  // One that keeps a file of its own takes nothing from here, and would be waited for in vain.
  const online = users.filter((worker) => worker.mode === "cloud" && isOnline(worker));
  const chosen =
    "count" in choose
      ? online.slice(0, choose.count)
      : online.filter(({ labels }) => Object.entries(choose.labels).every(([label, value]) => labels[label] === value));
  if (chosen.length > 0) return chosen;
  const which = "count" in choose ? "" : ` with the labels ${JSON.stringify(choose.labels)}`;
  throw new ServerError("CANARY_NONE", `no worker of ${name}${which} is connected: nobody could try the version first`);
}
