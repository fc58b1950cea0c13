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
