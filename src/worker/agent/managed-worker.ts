import { type Log, systemClock } from "#core";
import type { Bye, MethodTable } from "#fleet";
import type { Units } from "#work";
import { type Daemon, type DaemonParts, type Managed, startDaemon } from "../daemon.ts";
import { parseSettings } from "../settings/mod.ts";
import { Agent, type AgentState, fleetService } from "./agent.ts";
import { Askers, type RoleMap } from "./askers.ts";
import type { Identity, Membership } from "./identity.ts";
import type { Instance, SelfDescription } from "./instance.ts";
import { fleetProfile, membershipSections, type Section } from "./managed-settings.ts";
import { StreamService } from "./stream-service.ts";
import { unitStreams } from "./unit-streams.ts";
import { Vitals } from "./vitals.ts";

export interface ManagedWorkerOptions {
  readonly identity: Identity;
  readonly membership: Membership;
  readonly instance: Instance;
  readonly self: SelfDescription;
  readonly dataDir: string;
  /** The worker's own sections: work types, control sockets, log, limits. */
  readonly sections: readonly Section[];
  /** More fields of its node: helpers, retention. */
  readonly node?: Readonly<Record<string, unknown>>;
  /** Roads to the server; none: a WebSocket on the server's own port. */
  readonly roads: readonly Section[];
  /** Which level each role of the server has here. */
  readonly roles: () => RoleMap;
  /** What users may ask for besides streams, over the parts of the daemon. */
  readonly methods: (parts: DaemonParts, agent: () => AgentState) => Promise<LocalManagement>;
  readonly log?: Log | undefined;
}

/** How the worker is managed besides through its server: closed with it. */
export interface LocalManagement extends Managed {
  readonly table: MethodTable;
  /** Whether units are taken now. */
  readonly mayTake: () => boolean;
}

/** A worker of a server that runs. */
export interface ManagedWorker {
  readonly daemon: Daemon;
  /** How far it has got with its server. */
  readonly agentState: AgentState;
  close(reason: Bye["reason"]): Promise<void>;
}

/**
 * Start a worker that has enrolled: its daemon as a stub on the server's mesh, and its agent.
 *
 * @throws what {@link startDaemon} throws.
 */
export async function startManagedWorker(options: ManagedWorkerOptions): Promise<ManagedWorker> {
  const { identity, membership, dataDir, node = {}, roads, sections, log } = options;
  const all = [...membershipSections({ membership, files: identity.files, dataDir, node, roads }), ...sections];
  const opened: { agent?: Agent } = {};
  let reason: Bye["reason"] = "stopped";
  const manage = async (parts: DaemonParts): Promise<Managed> => {
    const local = await options.methods(parts, () => opened.agent?.state ?? { state: "connecting" });
    const managed = openAgent(options, parts, local);
    opened.agent = managed.agent;
    const close = async (): Promise<void> => {
      await managed.close(reason);
      await local.close();
    };
    return { work: local.work, close };
  };
  const directives = parseSettings(JSON.stringify(all), "the worker's configuration");
  const daemon = await startDaemon(directives, { configFiles: [], manage, log });
  return {
    daemon,
    get agentState() {
      return opened.agent?.state ?? { state: "connecting" };
    },
    close: (why) => {
      reason = why;
      return daemon.close();
    },
  };
}

function openAgent(options: ManagedWorkerOptions, parts: DaemonParts, { table, mayTake }: LocalManagement) {
  const { mesh, units, log } = parts;
  const { identity, membership, instance, self, dataDir } = options;
  const askers = new Askers(options.roles);
  const streams = new StreamService({
    served: unitStreams(units, mayTake),
    askers,
    serverNode: () => membership.serverNode,
    log,
  });
  const service = mesh.listen(fleetService, { tls: fleetProfile, accept: (stream) => streams.accept(stream) });
  const vitals = new Vitals(dataDir);
  const agent = new Agent({
    ...{ mesh, tlsClient: fleetProfile, identity, membership, instance, self, askers, log, clock: systemClock },
    table,
    vitals: () => vitals.look(),
    work: () => workVitals(units, self),
    sessionEnded: (session, why) => streams.end(session, why),
  });
  agent.start();
  const close = async (reason: Bye["reason"]): Promise<void> => {
    await agent.close({ reason, detail: "", unitsRunning: runningOf(units) });
    streams.close();
    await service.close();
  };
  return { agent, close };
}

function workVitals(units: Units, { helperSlots }: SelfDescription) {
  const counts = units.countByState();
  return {
    state: "registered" as const,
    helpersRunning: units.helperPids.length,
    helpersBusy: counts.get("Running") === undefined ? 0 : units.helperPids.length,
    helperSlots,
    unitsRunning: runningOf(units),
    unitsPending: counts.get("Pending") ?? 0,
  };
}

function runningOf(units: Units): number {
  return units.countByState().get("Running") ?? 0;
}
