/**
 * The units of one worker, for whoever manages it: list, look, cancel, release. Submit and output are streams and stand
 * elsewhere.
 */
import { z } from "zod";
import type { Method } from "./method.ts";

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** Id of a unit, as everybody takes it. */
export const unitId = z.string().regex(/^[0-9A-Za-z]{1,64}$/);
const timeMs = count.describe("milliseconds since 1970");

/** Longest `detail` that is told; commands may end with long words. */
export const maxDetailChars = 1_000;
/** Most units of one page, and how many it has unless asked. */
export const maxUnitsPerPage = 1_000;

/** Who ordered a unit through a server (CAT-63): as the worker had made sure of it. No submit can say it. */
const Requester = z.strictObject({
  user: z.string().max(300),
  level: z.string().max(16),
  session: z.string().max(128).optional().describe("reference of the session"),
  source: z.string().max(128).optional().describe("where they came from, as the server saw it"),
  request: z.string().max(64).optional().describe("names the request in the server's audit: its jti"),
});
export type Requester = z.infer<typeof Requester>;

/** What lists show of a unit. */
export const unitFields = {
  id: unitId,
  state: count.describe("0 pending, 1 running, 2 succeeded, 3 failed, 4 canceled"),
  stateName: z.string().max(64),
  detail: z.string().max(maxDetailChars),
  workType: z.string().max(1_000),
  stdoutSize: count.describe("bytes; of a running unit as many as there are now"),
  createdAt: timeMs.optional(),
  startedAt: timeMs.optional(),
  endedAt: timeMs.optional(),
  requestedBy: Requester.optional(),
  watcher: z.string().max(64).optional().describe("the watcher that made it"),
  file: z.string().max(4_096).optional().describe("for this file, as path below its folder"),
};

/** A unit as lists show it. */
const UnitSummary = z.strictObject(unitFields);
export type UnitSummary = z.infer<typeof UnitSummary>;

/** How a unit ended. */
export const unitEndFields = {
  cause: z.string().max(64).optional().describe("why it ended, for programs"),
  exitCode: z.number().int().optional(),
  signal: z.string().max(32).optional().describe("what ended the command"),
  sha256: z.string().max(64).optional().describe("of the whole output, hex"),
};

/** A unit with how it ended, as far as it has. */
const UnitDetails = z.strictObject({ ...unitFields, ...unitEndFields });
export type UnitDetails = z.infer<typeof UnitDetails>;

/** Which units, and how many of them. */
const UnitsWanted = z.strictObject({
  state: z.enum(["pending", "running", "succeeded", "failed", "canceled"]).optional(),
  workType: z.string().max(1_000).optional(),
  limit: count.min(1).max(maxUnitsPerPage).optional(),
  cursor: z.string().max(100).optional().describe("`next` of the page before"),
});
export type UnitsWanted = z.infer<typeof UnitsWanted>;

/** A page of units, newest first. */
const UnitsPage = z.strictObject({ units: z.array(UnitSummary), next: z.string().optional() });
export type UnitsPage = z.infer<typeof UnitsPage>;

export const unitsList: Method<UnitsWanted, UnitsPage> = {
  name: "units.list",
  params: UnitsWanted,
  result: UnitsPage,
  level: "monitor",
  changes: false,
};

const UnitNamed = z.strictObject({ unit: unitId });
export type UnitNamed = z.infer<typeof UnitNamed>;

export const unitsStatus: Method<UnitNamed, UnitDetails> = {
  name: "units.status",
  params: UnitNamed,
  result: UnitDetails,
  level: "monitor",
  changes: false,
};

/** What became of a cancel or release. */
const UnitEnded = z.strictObject({
  unit: unitId,
  pending: z.boolean().describe("the unit's node is out of reach: it is noted, and done when that can be reached"),
});
export type UnitEnded = z.infer<typeof UnitEnded>;

export const unitsCancel: Method<UnitNamed, UnitEnded> = {
  name: "units.cancel",
  params: UnitNamed,
  result: UnitEnded,
  level: "operate",
  changes: true,
};

const UnitToRelease = z.strictObject({ unit: unitId, force: z.boolean().optional() });
export type UnitToRelease = z.infer<typeof UnitToRelease>;

export const unitsRelease: Method<UnitToRelease, UnitEnded> = {
  name: "units.release",
  params: UnitToRelease,
  result: UnitEnded,
  level: "operate",
  changes: true,
};
