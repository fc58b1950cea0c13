import { type Closable, errorText, type Log } from "#core";
import { decodeEnrolmentToken } from "#fleet";
import { openUnits, type Units } from "#work";
import { enrol } from "../agent/enrol.ts";
import type { Membership } from "../agent/identity.ts";
import { Instance, type SelfDescription } from "../agent/instance.ts";
import { startManagedWorker } from "../agent/managed-worker.ts";
import { fleetProfile } from "../agent/managed-settings.ts";
import { memberSections, type WorkerConfiguration } from "../configuration/mod.ts";
import { type DaemonParts, startDaemon } from "../daemon.ts";
import { type Environment } from "../configuration/mod.ts";
import { type Mode, openSetup, type Setup } from "../modes/mod.ts";
import { readSettingsFile } from "../settings/mod.ts";
import { version } from "../version.ts";
import { openLocalManagement } from "./local-management.ts";

/** Asking the server to enrol may keep a start for so long, milliseconds; then the worker works by itself (CAT-4). */
const enrolMs = 20_000;
const helperSlots = 4;

export interface ServiceOptions {
  readonly mode?: Mode | undefined;
  /** `process.env`: secrets are taken out of it. */
  readonly env: Environment;
  readonly log: Log;
}

/** A worker that runs as its configuration says, and can be managed. */
export interface WorkerService {
  readonly setup: Setup;
  /** `stop` or `restart`: somebody who may wants it. Rejects when the node must not go on. */
  readonly ended: Promise<"stop" | "restart">;
  close(reason: "stopped" | "restarting"): Promise<void>;
}

/**
 * Start a worker from its configuration, wherever that is: as its server's when it is one, by itself when it is not, and
 * with nothing but its management socket when there is no configuration it could go by (CAT-9, CAT-12).
 *
 * @throws {WorkerError} and what {@link startDaemon} throws; then nothing is held.
 */
export async function startService(options: ServiceOptions): Promise<WorkerService> {
  const { env, log, mode } = options;
  // What is live is asked for when it is needed; everything else waits for a restart and says so.
  const ending = endingOf();
  const setup = await openSetup({
    ...{ mode, env, log, apply: () => Promise.resolve() },
    // The worker went by what nobody has confirmed: to be back it must start anew (CAT-75).
    returned: (pending) => {
      if (pending.length > 0) ending.lifecycle.restart();
    },
  });
  try {
    const running = await run(setup, ending.lifecycle, log);
    void running.failed?.then(ending.fail);
    return {
      setup,
      ended: ending.ended,
      close: async (reason) => {
        await running.close(reason);
        await setup.close();
      },
    };
  } catch (error) {
    await setup.close();
    throw error;
  }
}

interface Running {
  readonly failed?: Promise<Error>;
  close(reason: "stopped" | "restarting"): void | Promise<void>;
}

type Lifecycle = ReturnType<typeof endingOf>["lifecycle"];

async function run(setup: Setup, lifecycle: Lifecycle, log: Log): Promise<Running> {
  const values = setup.configuration.running?.values;
  if (!values) return await runManagementOnly(setup, lifecycle, log);
  const instance = new Instance(Date.now());
  const self = selfOf(setup, values);
  const membership = setup.identity.membership() ?? (await enrolled(setup, values, instance, self, log));
  if (membership) return await runMember(setup, values, { membership, instance, self, lifecycle, log });
  return await runAlone(setup, lifecycle, log);
}

interface Member {
  readonly membership: Membership;
  readonly instance: Instance;
  readonly self: SelfDescription;
  readonly lifecycle: Lifecycle;
  readonly log: Log;
}

async function runMember(setup: Setup, values: WorkerConfiguration, member: Member): Promise<Running> {
  const { lifecycle, log } = member;
  const context = {
    controlSocket: setup.places.control,
    readFile: readSettingsFile,
    profile: fleetProfile,
    hub: member.membership.serverNode,
  };
  const { sections, roads, node } = memberSections(values, context);
  const worker = await startManagedWorker({
    ...member,
    ...{ sections, roads, node },
    // Without a version before there is nothing that a new start could disturb.
    cloud: setup.cloud && { cloud: setup.cloud, pending: (isFirst) => isFirst && lifecycle.restart() },
    identity: setup.identity,
    dataDir: values.dataDir,
    roles: () => setup.configuration.running?.values.remoteAccess.roles ?? {},
    access: { shell: values.shell, tcpServices: () => setup.configuration.running?.values.tcpServices ?? {} },
    methods: ({ units, roads: open, node: { nodeId } }, agent) =>
      openLocalManagement({
        ...{ setup, units, nodeId, agent, lifecycle, log },
        meshAddresses: () => open.open.flatMap(({ addresses }) => addresses),
      }),
  });
  return { failed: worker.daemon.failed, close: (reason) => worker.close(reason) };
}

async function runAlone(setup: Setup, lifecycle: Lifecycle, log: Log): Promise<Running> {
  const manage = ({ units, roads, node: { nodeId } }: DaemonParts) =>
    openLocalManagement({
      ...{ setup, units, nodeId, agent: undefined, lifecycle, log },
      meshAddresses: () => roads.open.flatMap(({ addresses }) => addresses),
    });
  const daemon = await startDaemon(setup.directives() ?? [], { configFiles: [], manage, log });
  return { failed: daemon.failed, close: () => daemon.close() };
}

/** Units that run are still minded; none is taken, and nobody but the local administrator is let in. */
async function runManagementOnly(setup: Setup, lifecycle: Lifecycle, log: Log): Promise<Running> {
  const nodeId = setup.identity.membership()?.node ?? "worker";
  const open: Closable[] = [];
  const units: Units = await openUnits({ dataDir: setup.places.units, nodeId, workTypes: [], version, log });
  open.push({ close: () => units.close() });
  try {
    const parts = { setup, units, nodeId, agent: undefined, meshAddresses: () => [], lifecycle, log };
    open.push(await openLocalManagement(parts));
  } catch (error) {
    units.close();
    throw error;
  }
  return {
    close: async () => {
      for (const one of open.reverse()) await one.close();
    },
  };
}

/** The first registration, at each of the server's addresses in turn; without a token, or when none answers, undefined. */
async function enrolled(
  { identity }: Setup,
  { server }: WorkerConfiguration,
  instance: Instance,
  self: SelfDescription,
  log: Log,
): Promise<Membership | undefined> {
  if (server.enrolmentToken === null) return undefined;
  const token = decodeEnrolmentToken(server.enrolmentToken.reveal());
  const signal = AbortSignal.timeout(enrolMs);
  for (const serverUrl of server.urls) {
    try {
      return await enrol({ serverUrl, token, identity, instance, self, signal });
    } catch (error) {
      log.error(`the server ${serverUrl} does not enrol this worker: ${errorText(error)}`);
    }
  }
  return undefined;
}

function selfOf({ mode }: Setup, values: WorkerConfiguration): SelfDescription {
  return {
    name: values.identity.name,
    labels: values.identity.labels,
    mode,
    version,
    capabilities: values.workTypes.map(({ worktype }) => worktype),
    helperSlots: values.helpers.count ?? helperSlots,
  };
}

/** Somebody stops or restarts the worker from within. */
function endingOf() {
  let end: (how: "stop" | "restart") => void = () => {};
  let fail: (error: Error) => void = () => {};
  const ended = new Promise<"stop" | "restart">((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  // Whoever runs the service hears of it; a service that nobody waits for must not end the process.
  ended.catch(() => {});
  return { ended, fail, lifecycle: { stop: () => end("stop"), restart: () => end("restart") } };
}
