import type { Clock, Log } from "#core";
import type { Mesh } from "#mesh";
import type { Audit } from "../audit/audit.ts";
import type { Access } from "../auth/access.ts";
import type { Configurations } from "../config/configurations.ts";
import type { Rollouts } from "../config/rollouts.ts";
import type { WorkerLines } from "../line/worker-lines.ts";
import type { Entitlements } from "../policy/entitlements.ts";
import type { Recordings } from "../recording/recordings.ts";
import type { UnitChannels } from "../progress/unit-channels.ts";
import type { QuokkaWorkers } from "../quokka/workers.ts";
import type { Enrolments } from "../registry/enrolments.ts";
import type { Health } from "../registry/health.ts";
import type { PendingWorkers } from "../registry/pending-workers.ts";
import type { Presence } from "../registry/presence.ts";
import type { Registry } from "../registry/registry.ts";
import type { Store } from "../store/store.ts";
import type { UnitIndex } from "../units/unit-index.ts";
import type { Connections } from "./connections.ts";
import type { ApiLimits } from "./limits.ts";
import type { LiveFeed } from "./live-feed.ts";
import type { LiveNews } from "./live-news.ts";
import type { OpenCall } from "./open-calls.ts";
import type { Traces } from "./traces.ts";

/** Workers that register over HTTPS, the first time. Bodies are checked there. */
export interface EnrolService {
  /** @param observed the address it comes from. */
  challenge(observed: string): Promise<unknown>;
  /** @param observed the address it comes from. */
  register(body: unknown, observed: string): Promise<unknown>;
}

/** What the routes stand on. */
export interface ApiServices {
  readonly store: Store;
  readonly access: Access;
  readonly audit: Audit;
  readonly registry: Registry;
  readonly enrolments: Enrolments;
  readonly pending: PendingWorkers;
  readonly entitlements: Entitlements;
  readonly presence: Presence;
  readonly health: Health;
  /** What workers tell of their units. */
  readonly units: Pick<UnitIndex, "feed" | "isInStep">;
  /** Workers of Quokka; without it none can be entered. */
  readonly quokka?: { readonly workers: Pick<QuokkaWorkers, "add"> };
  /** Channels of units, where a monitor runs with the server. */
  readonly unitChannels?: Pick<UnitChannels, "grant">;
  /** The server's node, for the map; without one there is none. */
  readonly mesh?: Pick<Mesh, "nodeId" | "status" | "isStub" | "roadTo">;
  readonly configurations: Configurations;
  readonly rollouts: Rollouts;
  readonly lines: WorkerLines;
  /** Of terminals and TCP streams; without them nothing is recorded. */
  readonly recordings?: Recordings;
  readonly enrol: EnrolService;
  /** Its `changed` is given to `presence`. */
  readonly live: LiveFeed;
  /** Told of what else changes; see {@link LiveNews}. */
  readonly news: LiveNews;
  readonly log: Log;
  readonly clock: Clock;
  /** By which it is decided what was kept for long enough. Default: `clock`. */
  readonly ages?: Pick<Clock, "now">;
  readonly version: string;
  /** Level that shells and tunnels need here; the worker has its own say. Default admin and operate. */
  readonly streamLevels?: {
    readonly shell?: "operate" | "configure" | "admin";
    readonly tcp?: "operate" | "configure" | "admin";
  };
  /** The policy file: what is wrong with it, if anything is. */
  readonly policy?: { readonly fault: string | undefined };
  /** Give metrics to this machine without a credential. */
  readonly openMetrics?: boolean;
}

/** What routes get besides. */
export interface RouteServices extends ApiServices {
  readonly connections: Connections;
  readonly limits: ApiLimits;
  readonly traces: Traces;
  /** Something goes on for a caller outside of their call: it is cut when that would be. @returns to be called at its end. @throws {ServerError} CALLS_FULL. */
  enter(call: OpenCall): () => void;
  /** Rights have changed: what goes on without them is cut now, and not at the next look. */
  recheck(): Promise<void>;
  /** Whether people reach us by TLS: cookies are then for TLS only. */
  readonly secure: boolean;
}
