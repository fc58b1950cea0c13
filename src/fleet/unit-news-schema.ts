/**
 * What a worker tells its server of its units unasked, so that the server can list those of all workers, also of workers
 * that are away. The worker numbers its changes; the server says up to which it has them (docs/wire/fleet.md).
 */
import { z } from "zod";
import type { Method } from "./method.ts";
import { unitEndFields, unitFields, unitId } from "./units-methods-schema.ts";

/** Most units of one batch of changes. */
export const maxUnitsPerBatch = 200;
/** Longest JSON of the params that are told of a unit, characters. */
export const maxToldParamsChars = 4_096;

const sequence = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const epoch = z.string().regex(/^[0-9A-Za-z_-]{8,64}$/);
const { stateName: _, state: __, ...told } = { ...unitFields, ...unitEndFields };

/** A unit as it is now. */
export const UnitNews = z.strictObject({
  ...told,
  state: z.number().int().min(0).max(4).describe("0 pending, 1 running, 2 succeeded, 3 failed, 4 canceled"),
  params: z
    .record(z.string().max(255), z.string().max(maxToldParamsChars))
    .refine((params) => JSON.stringify(params).length <= maxToldParamsChars, "params of 4,096 characters at most")
    .optional()
    .describe("as they were asked for; a long one is cut, and one called secret_… is left out"),
});
export type UnitNews = z.infer<typeof UnitNews>;

const Nothing = z.strictObject({});

/** Up to where the server knows the units of the worker that asks. */
export const UnitsKnown = z.strictObject({
  epoch: epoch.nullable().describe("of the last comparison that was told to its end; null: of none"),
  sequence: sequence.describe("all changes of that epoch up to this number are known"),
});
export type UnitsKnown = z.infer<typeof UnitsKnown>;

/** Some changes. */
export const UnitsChanged = z.strictObject({
  epoch: epoch.describe("names a comparison and all that is told after it"),
  compare: z.boolean().describe("this is part of a comparison: all units are told, in as many parts as it takes"),
  whole: z.boolean().describe("with this part the comparison is whole: units of which it told nothing are no more"),
  sequence: sequence.describe("all changes up to this number have been told with this"),
  changed: z.array(UnitNews).max(maxUnitsPerBatch),
  released: z.array(unitId).max(maxUnitsPerBatch).describe("units that are no more"),
});
export type UnitsChanged = z.infer<typeof UnitsChanged>;

export const unitsKnown: Method<Record<string, never>, UnitsKnown> = {
  name: "units.known",
  params: Nothing,
  result: UnitsKnown,
  level: "none",
  changes: false,
};

export const unitsChanged: Method<UnitsChanged, Record<string, never>> = {
  name: "units.changed",
  params: UnitsChanged,
  result: Nothing,
  tells: true,
  level: "none",
  changes: true,
};
