import { numberOf, objectIn, type Shape, stringOf, textIn } from "./shapes.ts";

/** Workers say that they live this often (fleet); what is older than three times that is stale (CAT-112). */
const beatEveryMs = 15_000;
const staleAfterMs = 3 * beatEveryMs;

/** A worker as a list of the API shows it. Times are milliseconds since 1970 by the server's clock. */
export interface SeenWorker {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly cause: string;
  /** What it says is wrong with its work; empty: nothing. */
  readonly trouble: string;
  /** In this state. */
  readonly since: number | undefined;
  /** Last heartbeat; undefined: none yet. */
  readonly seenAt: number | undefined;
  readonly mode: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Our own. */
  readonly level: string;
}

/** @throws {CliError} `ANSWER_INVALID` without an id. */
export function seenWorker(value: unknown): SeenWorker {
  const worker = objectIn(value);
  const text = (field: string): string => stringOf(worker[field]) ?? "";
  return {
    id: textIn(worker, "id"),
    name: text("name"),
    state: text("state"),
    cause: text("cause"),
    trouble: text("trouble"),
    since: numberOf(worker["since"]),
    seenAt: numberOf(worker["seenAt"]),
    mode: text("mode"),
    version: text("version"),
    labels: labelsIn(worker),
    level: text("level"),
  };
}

function labelsIn({ labels }: Shape): Record<string, string> {
  if (typeof labels !== "object" || labels === null) return {};
  return Object.fromEntries(
    Object.entries(labels).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}

/** Whether what a worker last said of itself may hold no longer. */
export function isStale({ state, seenAt }: SeenWorker, now: number): boolean {
  return state !== "online" || seenAt === undefined || now - seenAt > staleAfterMs;
}

/** Whether a worker has all of these labels. */
export function hasLabels(worker: SeenWorker, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([name, value]) => worker.labels[name] === value);
}
