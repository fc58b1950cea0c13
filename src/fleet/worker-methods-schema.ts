/**
 * A worker as a whole, for whoever manages it: how it is, its three switches, restart and stop (spec CAT-12, CAT-17).
 */
import { z } from "zod";
import type { Method } from "./method.ts";
import { workerMode, workerState } from "./registration-schema.ts";

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const text = (maxChars: number) => z.string().max(maxChars);
const nothing = z.strictObject({});
type Nothing = Record<string, never>;

/** What can be switched: scan folders, ask the server for work, take work (CAT-17). */
export const switchName = z.enum(["watchers", "monitors", "workers"]);
export type SwitchName = z.infer<typeof switchName>;

const SwitchStates = z.strictObject({ watchers: z.boolean(), monitors: z.boolean(), workers: z.boolean() });
export type SwitchStates = z.infer<typeof SwitchStates>;

/** How a watched folder is. Counts are of this start of the service. */
const WatcherStatus = z.strictObject({
  name: text(64),
  folder: text(4_096),
  state: z.enum(["watching", "off", "trouble"]).describe("off: the switch `watchers`, or the worker is about to stop"),
  reason: text(8_000).optional().describe("what is wrong with it; it goes on by itself when that is put right"),
  waiting: count.describe("files that are still on their way, or wait for their turn"),
  running: count.describe("units that have not ended"),
  skipped: count.describe("names that count but are no plain files, or no text"),
  added: count.describe("units that were made"),
  succeeded: count,
  failed: count,
});
export type WatcherStatus = z.infer<typeof WatcherStatus>;

/** All that a worker says of itself to those who may look. No secret, and no path but that of its settings. */
const WorkerStatus = z.strictObject({
  state: z.union([workerState, z.literal("misconfigured")]),
  reason: text(2_000).optional().describe("why it is not as it should be"),
  nextStep: text(2_000).optional().describe("what to do about it, in words (CAT-12)"),
  mode: workerMode,
  version: text(64),
  nodeId: text(255),
  name: text(255).optional().describe("as the server knows it"),
  user: text(255).describe("account the service runs as"),
  pid: count,
  settingsFile: text(4_096).optional(),
  startedAtMs: count.describe("milliseconds since 1970"),
  uptimeSeconds: z.number().min(0),
  pending: z
    .array(z.strictObject({ key: text(255), takesEffect: z.enum(["drain", "restart"]) }))
    .max(1_000)
    .describe("settings that were changed and are not in force yet (CAT-5)"),
  switches: SwitchStates,
  watchers: z.array(WatcherStatus).max(64).optional().describe("absent: none is configured"),
  passwordSet: z.boolean(),
  hardened: z.boolean().optional().describe("configuring it from elsewhere needs a code of its own (CAT-70)"),
  units: z.record(text(64), count).describe("how many in each state"),
  helpers: count.describe("helper processes that run"),
  workTypes: z.array(text(1_000)).max(10_000),
  meshAddresses: z.array(text(255)).max(1_000),
});
export type WorkerStatus = z.infer<typeof WorkerStatus>;

export const workerStatus: Method<Nothing, WorkerStatus> = {
  name: "worker.status",
  params: nothing,
  result: WorkerStatus,
  level: "monitor",
  changes: false,
};

export const switchesGet: Method<Nothing, SwitchStates> = {
  name: "worker.switches.get",
  params: nothing,
  result: SwitchStates,
  level: "monitor",
  changes: false,
};

/** Those that are named are switched, the others stay. */
const SwitchesWanted = SwitchStates.partial();
export type SwitchesWanted = z.infer<typeof SwitchesWanted>;

export const switchesSet: Method<SwitchesWanted, SwitchStates> = {
  name: "worker.switches.set",
  params: SwitchesWanted,
  result: SwitchStates,
  level: "operate",
  changes: true,
};

/** It has been understood; what was asked for comes right after the answer. */
const Accepted = z.strictObject({ accepted: z.literal(true) });
export type Accepted = z.infer<typeof Accepted>;

/** Units that run go on meanwhile, and are found again. */
export const workerRestart: Method<Nothing, Accepted> = {
  name: "worker.restart",
  params: nothing,
  result: Accepted,
  level: "admin",
  changes: true,
};

const DrainWanted = z.strictObject({
  deadlineMs: count
    .max(30 * 86_400_000)
    .optional()
    .describe("then what still runs is interrupted; never without it"),
});
const Draining = z.strictObject({ running: count.describe("units that run still") });

/** No new work; when all that runs has ended, or the deadline has come, the worker stops (CAT-90). */
export const workerDrain: Method<z.infer<typeof DrainWanted>, z.infer<typeof Draining>> = {
  name: "worker.drain",
  params: DrainWanted,
  result: Draining,
  level: "admin",
  changes: true,
};

/** Units that run go on without the worker. */
export const workerStop: Method<Nothing, Accepted> = {
  name: "worker.stop",
  params: nothing,
  result: Accepted,
  level: "admin",
  changes: true,
};
