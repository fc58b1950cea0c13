import type { RecordingHead } from "./events.ts";

/** What the policy file says of recordings (CAT-122); each may be left out. */
export interface RecordingPolicy {
  readonly "record.shell"?: RecordingMode | undefined;
  readonly "record.tcp"?: RecordingMode | undefined;
  /** Older ones are removed. */
  readonly "record.keepDays"?: number | undefined;
  /** Together they take no more than this. */
  readonly "record.maxMiB"?: number | undefined;
}

/** `off`, or what is to be done when it cannot be written: end the stream, or go on with a mark. */
export const recordingModes = ["off", "bestEffort", "strict"] as const;
export type RecordingMode = (typeof recordingModes)[number];

/** The policy with nothing left open: terminals are recorded unless somebody says otherwise. */
export interface RecordingRules {
  readonly mode: (kind: RecordingHead["kind"]) => RecordingMode;
  readonly keepMs: number;
  readonly maxBytes: number;
}

const dayMs = 24 * 60 * 60_000;
const mib = 1024 * 1024;

/** See {@link RecordingRules}. */
export function recordingRules(policy: RecordingPolicy): RecordingRules {
  const { "record.shell": shell = "bestEffort", "record.tcp": tcp = "off" } = policy;
  return {
    mode: (kind) => (kind === "shell" ? shell : tcp),
    keepMs: (policy["record.keepDays"] ?? 90) * dayMs,
    maxBytes: (policy["record.maxMiB"] ?? 1_024) * mib,
  };
}
