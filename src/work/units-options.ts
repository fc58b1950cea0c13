import type { Clock, Log } from "#core";
import type { RemoteOptions } from "./remote/remote-options.ts";
import type { Retention, WorkTypeSettings } from "./settings.ts";

/** What the units of one node need. */
export interface UnitsOptions {
  /** Units live in `{dataDir}/{nodeId}/`; Farhand's private files in `{dataDir}/.farhand/{nodeId}/`. */
  readonly dataDir: string;
  readonly nodeId: string;
  readonly workTypes: readonly WorkTypeSettings[];
  /** Version of this program; helpers of another one are let go. */
  readonly version: string;
  readonly maxHelpers?: number;
  /** Units a helper minds before one more is started; 500 when not set. */
  readonly unitsPerHelper?: number;
  readonly retention?: Retention;
  /** Units that wait are not started before {@link Units.hold} lets them; what runs is minded. */
  readonly isHeld?: boolean;
  /** How other nodes are reached; absent on a worker that is part of no mesh. */
  readonly remote?: RemoteOptions;
  readonly log: Log;
  readonly clock?: Clock;
}
