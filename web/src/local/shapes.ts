/** What can be switched (CAT-17). */
export type SwitchName = "watchers" | "monitors" | "workers";

/** What of `worker.status` is shown. */
export interface WorkerStatus {
  readonly state: string;
  readonly reason?: string;
  readonly nextStep?: string;
  readonly name?: string;
  readonly nodeId: string;
  readonly version: string;
  readonly settingsFile?: string;
  readonly passwordSet: boolean;
  readonly pending: readonly { readonly key: string }[];
  readonly switches: Readonly<Record<SwitchName, boolean>>;
}

/** What `worker.vitals` tells; what a system does not tell is null. */
export interface WorkerVitals {
  readonly cpuPercent: number | null;
  readonly memoryUsedBytes: number;
  readonly memoryTotalBytes: number;
  readonly ownMemoryBytes: number;
  readonly loadAverage1m: number | null;
  readonly diskFreeBytes: number | null;
  /** The last that the server has answered. Milliseconds. */
  readonly heartbeat: {
    readonly answeredAgoMs: number;
    readonly responseTimeMs: number;
    readonly everyMs: number;
  } | null;
}

/** What a check of `farhand worker doctor` came to. */
export interface DoctorFinding {
  readonly check: string;
  readonly kind: "ok" | "warning" | "fail";
  readonly says: string;
  readonly cure?: string;
}

/** What of a unit in `units.list` is shown. */
export interface UnitSummary {
  readonly id: string;
  /** 0 pending, 1 running, 2 succeeded, 3 failed, 4 canceled. */
  readonly state: number;
  readonly stateName: string;
  readonly detail: string;
  readonly workType: string;
  /** Bytes. */
  readonly stdoutSize: number;
}
