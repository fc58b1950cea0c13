/**
 * The streams of units: a payload with the unit it is for, and output as it is written (docs/wire/fleet.md).
 */
import { z } from "zod";
import type { Method } from "./method.ts";

const unitId = z.string().regex(/^[0-9A-Za-z]{1,64}$/);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What a unit is to be. */
export const UnitWanted = z.strictObject({
  workType: z.string().min(1).max(1_000),
  params: z.record(z.string().max(255), z.string().max(131_072)).optional(),
  unit: z
    .string()
    .regex(/^[0-9A-Za-z]{8,64}$/, "8 to 64 letters and digits")
    .optional()
    .describe("id the caller chose: given again, the unit is found and not made twice"),
});
export type UnitWanted = z.infer<typeof UnitWanted>;

/** The unit waits for its payload. */
export const UnitMade = z.strictObject({ unit: unitId });
export type UnitMade = z.infer<typeof UnitMade>;

/** Make a unit: behind the answer the payload follows to its end, and then a second answer: {@link UnitTaken}. */
export const unitsSubmit: Method<UnitWanted, UnitMade> = {
  name: "units.submit",
  params: UnitWanted,
  result: UnitMade,
  level: "operate",
  changes: true,
};

/** The payload is whole, and the unit has started or waits for its place. */
export interface UnitTaken {
  readonly unit: string;
  readonly state: "started" | "queued";
}

export const OutputWanted = z.strictObject({
  unit: unitId,
  from: count.describe("first byte wanted"),
  follow: z.boolean().optional().describe("go on until the unit ends; default true"),
});
export type OutputWanted = z.infer<typeof OutputWanted>;

export const OutputFollows = z.strictObject({
  state: count,
  stateName: z.string().max(64),
  size: count.describe("bytes there are now"),
});
export type OutputFollows = z.infer<typeof OutputFollows>;

/** A unit's output, raw, behind the answer. The end of the stream is not the end of the unit: `units.status` tells that. */
export const unitsResults: Method<OutputWanted, OutputFollows> = {
  name: "units.results",
  params: OutputWanted,
  result: OutputFollows,
  level: "monitor",
  changes: false,
};
