import { expect, test } from "vitest";
import {
  allowed,
  type Feature,
  features,
  maxWorkers,
  type Policy,
  type PolicyContext,
  remoteFeatures,
} from "./policy.ts";

const lone: PolicyContext = { worker: { mode: "cloud", isOnly: true }, registered: 1 };
const [m, o, c, cloud, helpers] = features;
const all = [m, o, c, cloud, helpers];

type Row = readonly [says: string, Policy, PolicyContext, included: readonly Feature[]];
const table: readonly Row[] = [
  ["open includes everything", { preset: "open" }, {}, all],
  ["open less one feature", { preset: "open", "cloud.config": false }, {}, [m, o, c, helpers]],
  ["locked is for looking on", { preset: "locked" }, lone, [m]],
  ["locked with one feature more", { preset: "locked", "helpers.remote": true }, lone, [m, helpers]],
  ["configuring rests on operating", { preset: "locked", "remote.configure": true }, lone, [m]],
  ["operating rests on looking on", { preset: "open", "remote.monitor": false }, lone, [cloud, helpers]],
  ["catdv-like: a lone container", { preset: "catdv-like" }, lone, all],
  ["catdv-like: one container of two", { preset: "catdv-like" }, of("cloud", false), [m, cloud, helpers]],
  ["catdv-like: a lone worker elsewhere", { preset: "catdv-like" }, of("system", true), [m, cloud, helpers]],
  ["catdv-like: nothing known of the worker", { preset: "catdv-like" }, {}, [m, cloud, helpers]],
  [
    "catdv-like: entitled, and one of two",
    { preset: "catdv-like", "remote.operate": true, "remote.configure": true },
    of("system", false),
    all,
  ],
  ["catdv-like: an entitlement, and one of two", { preset: "catdv-like" }, granted(false, o, c), all],
  ["catdv-like: one that is only for operating", { preset: "catdv-like" }, granted(false, o), [m, o, cloud, helpers]],
  [
    "catdv-like: what an operator refuses",
    { preset: "catdv-like", [o]: false },
    granted(true, o, c),
    [m, cloud, helpers],
  ],
  ["locked is not opened by entitlements", { preset: "locked" }, granted(true, o, c, helpers), [m]],
  ["what is to be entitled, and is not", { preset: "open", [cloud]: "entitled" }, lone, [m, o, c, helpers]],
  ["what is to be entitled, and is", { preset: "locked", [cloud]: "entitled" }, granted(true, cloud, o), [m, cloud]],
  ["catdv-like: entitled to operate", { preset: "catdv-like", "remote.operate": true }, {}, [m, o, cloud, helpers]],
  [
    "catdv-like: not even a lone container",
    { preset: "catdv-like", "remote.operate": false },
    lone,
    [m, cloud, helpers],
  ],
];

function of(mode: string, isOnly: boolean): PolicyContext {
  return { worker: { mode, isOnly } };
}

function granted(isOnly: boolean, ...features: Feature[]): PolicyContext {
  return { worker: { mode: "system", isOnly }, granted: { features, maxWorkers: undefined } };
}

test.each(table)("CAT-95: %s", (_says, policy, context, included) => {
  const switches = features.filter((feature) => feature !== "workers.max");
  expect(switches.filter((feature) => allowed(feature, policy, context))).toEqual(included);
  expect(remoteFeatures(policy, context)).toEqual(included.filter((feature) => feature.startsWith("remote.")));
});

test.each([
  [undefined, 1_000_000, true],
  [2, 1, true],
  [2, 2, false],
  [2, 3, false],
  [0, 0, false],
])("CAT-95: of at most %s workers, beside %s there is room: %s", (max, registered, room) => {
  expect(allowed("workers.max", { preset: "open", "workers.max": max }, { registered })).toBe(room);
});

test.each([
  ["as entitled, without an entitlement: none", "entitled", undefined, 0],
  [
    "as entitled, by one that sets no limit: any number",
    "entitled",
    { features: [], maxWorkers: undefined },
    undefined,
  ],
  ["as entitled", "entitled", { features: [], maxWorkers: 5 }, 5],
  ["the operator's own number", 9, { features: [], maxWorkers: 5 }, 9],
  ["catdv-like: the entitlement's number", undefined, { features: [], maxWorkers: 5 }, 5],
  ["catdv-like: without an entitlement any number", undefined, undefined, undefined],
] as const)("CAT-98: how many workers there may be: %s", (_says, max, granted, most) => {
  expect(maxWorkers({ preset: "catdv-like", "workers.max": max }, { granted })).toBe(most);
});
