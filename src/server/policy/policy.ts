import type { Level } from "#fleet";
import type { RecordingPolicy } from "../recording/rules.ts";

/** What an operator can leave out: features, not editions (CAT-95). `workers.max` is a number, the others are on or off. */
export const features = [
  "remote.monitor",
  "remote.operate",
  "remote.configure",
  "cloud.config",
  "helpers.remote",
  "workers.max",
] as const;

export type Feature = (typeof features)[number];

export function isFeature(name: string): name is Feature {
  return features.some((feature) => feature === name);
}

/** What may be done to a worker from elsewhere; each rests on the ones before. */
export type RemoteFeature = Extract<Feature, `remote.${string}`>;
type Switch = Exclude<Feature, "workers.max">;

/**
 * `open`: everything. `locked`: looking on. `catdv-like`: looking on, and all else for a lone container, or whoever has an
 * entitlement to it (CAT-96, CAT-97).
 */
export const presets = ["open", "locked", "catdv-like"] as const;
export type Preset = (typeof presets)[number];

/** In a policy, in place of yes or no, and of a number: as the entitlements in force say (CAT-98). */
type Entitled = "entitled";

/** A preset, and the features that differ from it. */
export type Policy = { readonly preset: Preset } & { readonly [S in Switch]?: boolean | Entitled | undefined } & {
  /** Workers that may be registered at once; absent: any number, or as the preset has it. */
  readonly "workers.max"?: number | Entitled | undefined;
} & RecordingPolicy;

/** What the entitlements in force come to (CAT-98). */
export interface Granted {
  readonly features: readonly string[];
  /** Undefined: any number. */
  readonly maxWorkers: number | undefined;
}

/** What a decision is about; what is not said counts as what allows least. */
export interface PolicyContext {
  readonly worker?: {
    readonly mode: string;
    /** The server has no other one registered at this moment. */
    readonly isOnly: boolean;
  };
  /** Workers registered at this moment. */
  readonly registered?: number;
  /** Undefined: no entitlement is in force. */
  readonly granted?: Granted | undefined;
}

/** Whether the policy includes a feature: the only place where that is decided (CAT-95). Pure. */
export function allowed(feature: Feature, policy: Policy, context: PolicyContext = {}): boolean {
  switch (feature) {
    case "workers.max":
      return (context.registered ?? Number.POSITIVE_INFINITY) < (maxWorkers(policy, context) ?? Number.MAX_VALUE);
    case "remote.configure":
      return has(feature, policy, context) && allowed("remote.operate", policy, context);
    case "remote.operate":
      return has(feature, policy, context) && allowed("remote.monitor", policy, context);
    default:
      return has(feature, policy, context);
  }
}

/** The features of that kind that the policy includes, as assertions tell them (CAT-100). */
export function remoteFeatures(policy: Policy, context: PolicyContext): RemoteFeature[] {
  const all: readonly RemoteFeature[] = ["remote.monitor", "remote.operate", "remote.configure"];
  return all.filter((feature) => allowed(feature, policy, context));
}

/** Most workers at once; undefined: any number. Where an entitlement has to say, and none does, there is room for none. */
export function maxWorkers(policy: Policy, { granted }: PolicyContext): number | undefined {
  const said = policy["workers.max"];
  if (said === "entitled") return granted ? granted.maxWorkers : 0;
  return said ?? (policy.preset === "catdv-like" ? granted?.maxWorkers : undefined);
}

/** Whether it is for an entitlement to say: an operator who has written yes or no, or a number, is not asked for one. */
export function asksEntitlement(feature: Feature, policy: Policy): boolean {
  const said = policy[feature];
  return said === "entitled" || (said === undefined && policy.preset === "catdv-like" && gated.has(feature));
}

/** What the preset `catdv-like` leaves to entitlements. */
const gated: ReadonlySet<Feature> = new Set(["remote.operate", "remote.configure", "workers.max"]);

/** Whether it depends on how many workers there are. */
export function countsWorkers({ preset }: Policy): boolean {
  return preset === "catdv-like";
}

/** What doing something of a level to a worker is called. */
export function featureOf(level: Level): RemoteFeature {
  if (level === "none" || level === "monitor") return "remote.monitor";
  return level === "operate" ? "remote.operate" : "remote.configure";
}

function has(feature: Switch, policy: Policy, { worker, granted }: PolicyContext): boolean {
  const said = policy[feature];
  if (typeof said === "boolean") return said;
  const isGranted = granted?.features.includes(feature) ?? false;
  if (said === "entitled") return isGranted;
  switch (policy.preset) {
    case "open":
      return true;
    case "locked":
      return feature === "remote.monitor";
    case "catdv-like":
      return !gated.has(feature) || isGranted || (worker?.mode === "cloud" && worker.isOnly);
  }
}
