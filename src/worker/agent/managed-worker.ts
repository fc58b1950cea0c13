import { join } from "node:path";
import { type Log, systemClock } from "#core";
import { type Bye, type MethodTable, methodTable } from "#fleet";
import type { Units } from "#work";
import { type Daemon, type DaemonParts, type Managed, startDaemon } from "../daemon.ts";
import { parseSettings } from "../settings/mod.ts";
import {
  Agent,
  type AgentOptions,
  type AgentState,
  type AnsweredBeat,
  fleetService,
  type WorkVitals,
} from "./agent.ts";
import { Askers, type RoleMap } from "./askers.ts";
import type { FactorGate } from "./askers-factor.ts";
import type { HttpServices } from "./http-place.ts";
import { httpStreams } from "./http-streams.ts";
import { OwnPages } from "./own-pages.ts";
import type { Identity, Membership } from "./identity.ts";
import type { Instance, SelfDescription } from "./instance.ts";
import { fleetProfile, membershipSections, type Section } from "./managed-settings.ts";
import { type ShellPolicy, Shells } from "./shell-stream.ts";
import { StreamService } from "./stream-service.ts";
import { type TcpServices, tcpStreams } from "./tcp-stream.ts";
import { shellSection } from "./terminal.ts";
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
  /** Addresses of that port, in order; none: the one it enrolled at. */
  readonly urls?: readonly string[] | undefined;
  /** URL of the HTTP proxy; the environment's when absent. */
  readonly proxy?: string | undefined;
  /** Which level each role of the server has here. */
  readonly roles: () => RoleMap;
  /** Whether a server that does not say what its policy includes is refused. */
  readonly needsEntitlement?: (() => boolean) | undefined;
  /** Told what the server's policy includes of this worker, for the ways in that are not the server's. */
  readonly entitled?: AgentOptions["entitled"];
  /** The worker's own second factor, where it may be hardened (CAT-70). */
  readonly factor?: FactorGate | undefined;
  /** What of its machine can be reached through the server; absent: nothing. */
  readonly access?: MachineAccess;
  /** What users may ask for besides streams, over the parts of the daemon. */
  readonly methods: (
    parts: DaemonParts,
    agent: () => AgentState,
    beat: () => AnsweredBeat | undefined,
  ) => Promise<LocalManagement>;
  /** Where the server holds the worker's configuration. */
  readonly cloud?: AgentOptions["cloud"];
  readonly log?: Log | undefined;
}

/** Ways to a worker's machine that are no work of its types. */
export interface MachineAccess {
  readonly shell: ShellPolicy;
  /** Those that count now. */
  readonly tcpServices: () => TcpServices;
  /** Absent: none. */
  readonly httpServices?: () => HttpServices;
}

const noAccess: MachineAccess = {
  shell: { enabled: false, command: "/bin/sh", level: "admin" },
  tcpServices: () => ({}),
};

/** How the worker is managed besides through its server: closed with it. */
export interface LocalManagement extends Managed {
  readonly table: MethodTable;
  /** Whether units are taken now. */
  readonly mayTake: () => boolean;
  /** What of its work is in trouble now, for its server. */
  readonly troubles?: () => Pick<WorkVitals, "watchersTroubled" | "trouble">;
  /** Whether the worker is about to stop, and when that begins. */
  readonly stopping?: { readonly isOn: boolean; readonly begun: Promise<void> };
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
  const { identity, membership, dataDir, node = {}, roads, urls, proxy, log, access = noAccess } = options;
  const member = membershipSections({ membership, files: identity.files, dataDir, node, roads, urls, proxy });
  const shell = access.shell.enabled ? [shellSection(shellFolder(dataDir))] : [];
  const all = [...member, ...options.sections, ...shell];
  const opened: { agent?: Agent } = {};
  let reason: Bye["reason"] = "stopped";
  const manage = async (parts: DaemonParts): Promise<Managed> => {
    const state = (): AgentState => opened.agent?.state ?? { state: "connecting" };
    const local = await options.methods(parts, state, () => opened.agent?.lastBeat);
    const managed = openAgent(options, parts, local);
    opened.agent = managed.agent;
    const close = async (): Promise<void> => {
      await managed.close(reason);
      await local.close();
    };
    return { work: local.work, mayTake: local.mayTake, close };
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

function openAgent(options: ManagedWorkerOptions, parts: DaemonParts, local: LocalManagement) {
  const { table, mayTake, stopping } = local;
  const { mesh, units, loops, log } = parts;
  const { identity, membership, instance, self, dataDir, access = noAccess } = options;
  const askers = new Askers(options.roles, { factor: options.factor, needsEntitlement: options.needsEntitlement });
  const shells = new Shells({ units, policy: access.shell, mayTake, folder: shellFolder(dataDir), log });
  void shells.endLeft();
  const { tcpServices, httpServices = () => ({}) } = access;
  const pages = httpStreams({ services: httpServices, pages: new OwnPages(table, log) });
  const streams = new StreamService({
    served: [...unitStreams(units, mayTake), ...shells.streams, ...tcpStreams(tcpServices), ...pages],
    askers,
    serverNode: () => membership.serverNode,
    log,
  });
  const service = mesh.listen(fleetService, { tls: fleetProfile, accept: (stream) => streams.accept(stream) });
  const vitals = new Vitals(dataDir);
  const agent = new Agent({
    ...{ mesh, tlsClient: fleetProfile, identity, membership, instance, self, askers, log, clock: systemClock },
    table: new Map([...table, ...methodTable(shells.methods)]),
    units,
    cloud: options.cloud,
    entitled: options.entitled,
    helpersRemote: (isAllowed) => loops?.allowElsewhere(isAllowed),
    vitals: () => vitals.look(),
    work: () => ({
      ...workVitals(units, self),
      ...local.troubles?.(),
      state: stopping?.isOn ? ("stopping" as const) : ("registered" as const),
    }),
    sessionEnded: (session, why) => {
      options.factor?.end(session);
      streams.end(session, why);
    },
  });
  agent.start();
  void stopping?.begun.then(() => agent.beatNow());
  const close = async (reason: Bye["reason"]): Promise<void> => {
    await agent.close({ reason, detail: "", unitsRunning: runningOf(units) });
    streams.close();
    await shells.close();
    await service.close();
  };
  return { agent, close };
}

/** Where the terminals of shells are; a node's own folder is named as the node, and no node is named so. */
function shellFolder(dataDir: string): string {
  return join(dataDir, ".farhand", ".shells");
}

function workVitals(units: Units, { helperSlots }: SelfDescription) {
  const counts = units.countByState();
  return {
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
