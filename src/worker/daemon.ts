import { hostname } from "node:os";
import type { ControlCommand, ReservedListener } from "#control";
import { type Closable, Closers, type FarhandError, type Log, openLog } from "#core";
import { type Mesh, openMesh, type TlsProfiles } from "#mesh";
import { openUnits, parseWorkRules, type Units, workCommand } from "#work";
import { connectRules } from "./connect-rules.ts";
import { openControlService } from "./control-services.ts";
import { WorkerError } from "./errors.ts";
import { LastEpoch } from "./last-epoch.ts";
import type { WorkerLoops } from "./loops/worker-loops.ts";
import { checkProfiles, profilesOf } from "./mesh-profiles.ts";
import { openProxies } from "./mesh-proxies.ts";
import { MeshRoads } from "./mesh-roads.ts";
import { nodeCommands } from "./node-commands.ts";
import { openSigning, openVerification } from "./node-signatures.ts";
import { nothingToDo } from "./nothing-to-do.ts";
import { reloadCommand } from "./reload-command.ts";
import {
  checkFiles,
  type Directive,
  directivesOf,
  type NodeSettings,
  nodeSettings,
  refuseNotReady,
  splitHostPort,
} from "./settings/mod.ts";
import { version } from "./version.ts";
import { retentionOf, workTypesOf } from "./work-settings.ts";

/** A worker that runs. */
export interface Daemon {
  readonly nodeId: string;
  /** Where its control services can be reached without the mesh, in the client's grammar. */
  readonly controlAddresses: readonly string[];
  /** Where it listens for neighbours, with the real ports. */
  readonly meshAddresses: readonly string[];
  readonly log: Log;
  /** Resolves when the node must not go on, with the reason: another node of its id was there before. */
  readonly failed: Promise<FarhandError>;
  /** Stop listening and let go of helpers; running units go on without us. */
  close(): Promise<void>;
}

export interface DaemonOptions {
  /** Files that `reload` reads again; none when the settings did not come from files. */
  readonly configFiles: readonly string[];
  /** Where to log; to standard output, as the settings say, when absent. */
  readonly log?: Log | undefined;
  /** Gets the parts before anybody can reach them, and is closed with them: a server's agent, local management. */
  readonly manage?: ((parts: DaemonParts) => Promise<Managed>) | undefined;
}

/** What manages a daemon. */
export interface Managed extends Closable {
  /** The control command `work` as it is offered here: work may be switched off. */
  readonly work?: ((command: ControlCommand) => ControlCommand) | undefined;
  /** Whether units that wait may be started now; absent: they may. Later changes are told to the units themselves. */
  readonly mayTake?: (() => boolean) | undefined;
}

/** What runs in a daemon, for whoever manages it. */
export interface DaemonParts {
  readonly mesh: Mesh;
  readonly units: Units;
  readonly roads: Pick<MeshRoads, "open">;
  readonly node: NodeSettings;
  readonly log: Log;
  /** Absent where no work type is served by run loops. */
  readonly loops: WorkerLoops | undefined;
}

/** What the parts of a daemon share. */
interface Parts {
  readonly directives: readonly Directive[];
  readonly node: NodeSettings;
  readonly log: Log;
  readonly profiles: TlsProfiles;
  /** What is open, closed in reverse. */
  readonly closers: Closers;
}

/**
 * Start a worker from its settings. Nobody sees half of it: units are loaded before anybody can ask for them, and
 * services are there before the roads that lead to them (spec §5.3 does the same by phases). The control socket comes last:
 * whoever finds it finds a worker that can be reached by all its roads.
 *
 * @throws {SettingsError | WorkerError | WorkError | ControlError | MeshError | TlsProfileError} then nothing is left open.
 */
export async function startDaemon(directives: readonly Directive[], options: DaemonOptions): Promise<Daemon> {
  refuseNotReady(directives);
  await checkFiles(directives);
  const node = nodeSettings(directives, hostname());
  const log = options.log ?? (await openLog(...logSettings(directives)));
  checkProfiles(directives, node.nodeId);
  const idle = nothingToDo(directives);
  if (idle) throw new WorkerError("NOTHING_TO_DO", idle);
  const closers = new Closers();
  try {
    const parts = { directives, node, log, profiles: profilesOf(directives, log), closers };
    return await openDaemon(parts, options);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function openDaemon(parts: Parts, { configFiles, manage }: DaemonOptions): Promise<Daemon> {
  const { directives, node, log, profiles, closers } = parts;
  const { nodeId } = node;
  const { mesh, units } = await openMeshAndUnits(parts);
  const verification = closers.add(await openVerification(directives, node, log));
  const rules = parseWorkRules(node.workRules);
  const roads = new MeshRoads(mesh, profiles, log);
  const loops = await openRunLoops(parts, units);
  const managed = manage && closers.add(await manage({ mesh, units, roads, node, log, loops }));
  // Not before it is known whether somebody has switched work off.
  units.hold(managed?.mayTake?.() === false);
  const work = workCommand(units, nodeId, verification, rules);
  const commands = [
    ...nodeCommands({
      mesh,
      profiles,
      version: node.reportVersion ?? version,
      roads: () => roads.open,
      mayConnect: connectRules(rules, nodeId, directives),
    }),
    reloadCommand(directives, configFiles, (now) => roads.apply(now), log),
    managed?.work?.(work) ?? work,
  ];
  const services: ReservedListener[] = [];
  for (const { values } of directivesOf(directives, "control-service"))
    services.push(await openControlService(values, { commands, mesh, profiles, log, closers }));
  await openProxies(directives, { mesh, profiles, log, closers });
  await openMetricsService(parts, mesh, units, roads);
  await roads.apply(directives);
  const controlAddresses: string[] = [];
  for (const service of services) controlAddresses.push(...(await service.listen()).addresses);
  mesh.announce();
  log.info("Initialization complete", { node: nodeId, control: controlAddresses });
  units.warmUp();
  return {
    nodeId,
    controlAddresses,
    meshAddresses: roads.open.flatMap(({ addresses }) => addresses),
    log,
    failed: new Promise((resolve) => void mesh.closed.then((error) => error && resolve(error))),
    close: () => closers.close(),
  };
}

/** Each needs the other: work for other nodes goes over the mesh, and the mesh tells others what work there is. */
async function openMeshAndUnits({ directives, node, log, profiles, closers }: Parts) {
  const { nodeId } = node;
  const loaded: { units?: Units } = {};
  const lastEpoch = new LastEpoch(node.dataDir, nodeId, log);
  const mesh = openMesh({
    nodeId,
    log,
    tls: profiles,
    firewallRules: node.firewallRules,
    maxIdleMs: node.maxIdleConnectionMs,
    isStub: node.isStub,
    maxAnnouncedStubs: node.maxAnnouncedStubs,
    workCommands: () => workCommandsOf(loaded.units),
    lastEpoch: lastEpoch.read(),
  });
  closers.add(mesh);
  const tlsClients = new Set(directivesOf(directives, "tls-client").map(({ values }) => values.name));
  const units = await openUnits({
    dataDir: node.dataDir,
    nodeId,
    workTypes: workTypesOf(directives),
    version,
    retention: retentionOf(node),
    isHeld: true,
    log,
    remote: {
      dial: (toNode, service, options) => mesh.dial(toNode, service, options),
      hasTlsClient: (name) => name === "default" || tlsClients.has(name),
      hasRoute: (toNode) => mesh.hasRoute(toNode),
      signatures: closers.add(await openSigning(directives, node, log)),
    },
    ...(node.helpers !== undefined && { maxHelpers: node.helpers }),
  });
  loaded.units = closers.add(units);
  // Only now: another daemon may run in that folder.
  lastEpoch.write(mesh.epoch);
  closers.add({ close: () => lastEpoch.end(mesh.epoch) });
  return { mesh, units };
}

async function openRunLoops({ node, log, closers }: Parts, units: Units): Promise<WorkerLoops | undefined> {
  if (units.loops.types.length === 0) return undefined;
  // Loaded where it is used: most workers have no such types.
  const { openWorkerLoops } = await import("./loops/worker-loops.ts");
  return closers.add(await openWorkerLoops({ units, dataDir: node.dataDir, nodeId: node.nodeId, log }));
}

function workCommandsOf(units: Units | undefined) {
  return (units?.workTypes.list() ?? []).map(({ WorkType, Secure }) => ({ workType: WorkType, secure: Secure }));
}

/** Without a section: info. The section without a level: error (spec §5.3). */
function logSettings(directives: readonly Directive[]) {
  const { level = "info", format = "receptor" } = directivesOf(directives, "log-level")[0]?.values ?? {};
  return [level, format] as Parameters<typeof openLog>;
}

async function openMetricsService(
  { directives, node, profiles, closers }: Parts,
  mesh: Mesh,
  units: Units,
  roads: MeshRoads,
): Promise<void> {
  const [service] = directivesOf(directives, "metrics-service");
  if (!service) return;
  const address = splitHostPort(service.values.listen);
  if (!address) throw new TypeError(`metrics-service: ${service.values.listen} was not checked`);
  // Loaded where it is used: a daemon without metrics starts some 10 ms sooner.
  const [{ openMetrics }, { unitSeries }, { meshSeries }] = await Promise.all([
    import("./metrics.ts"),
    import("./unit-metrics.ts"),
    import("./mesh-metrics.ts"),
  ]);
  const series = [...unitSeries(units), ...meshSeries({ mesh, profiles, roads: () => roads.open })];
  closers.add(await openMetrics(address.host, address.port, { nodeId: node.nodeId, version, series }));
}
