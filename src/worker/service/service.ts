import { type Clock, type Closable, errorText, type Log, timeLimit } from "#core";
import { openUnits, type Units } from "#work";
import type { Membership } from "../agent/identity.ts";
import { Instance, type SelfDescription } from "../agent/instance.ts";
import { startManagedWorker } from "../agent/managed-worker.ts";
import { roadProfile } from "../agent/managed-settings.ts";
import { type Effective, memberSections, type WorkerConfiguration } from "../configuration/mod.ts";
import { ownEntitlement } from "../configuration/own-entitlement.ts";
import { type DaemonParts, startDaemon } from "../daemon.ts";
import { type Environment } from "../configuration/mod.ts";
import { noticingLog, type Notices } from "../management/notices.ts";
import { RecentLog } from "../management/recent-log.ts";
import { type Mode, openSetup, type Setup } from "../modes/mod.ts";
import { readSettingsFile } from "../settings/mod.ts";
import { version } from "../version.ts";
import { capabilitiesOf } from "./capabilities.ts";
import type { Drain } from "./drain.ts";
import { FirstRegistration, serverTrust } from "./first-registration.ts";
import { ToldEntitlement } from "./told-entitlement.ts";
import { openLocalManagement } from "./local-management.ts";
import type { Watchers } from "../watchers/mod.ts";
import { whenIdle } from "./when-idle.ts";

/** Asking the server to enrol may keep a start for so long, milliseconds; then the worker works by itself (CAT-4). */
const enrolMs = 20_000;
const helperSlots = 4;

export interface ServiceOptions {
  readonly mode?: Mode | undefined;
  /** `process.env`: secrets are taken out of it. */
  readonly env: Environment;
  readonly log: Log;
  /** Told how the configuration wants the log written: at the start, and when that changes. */
  readonly logAs?: ((form: WorkerConfiguration["log"]) => Promise<void>) | undefined;
  /** What times edits that must be confirmed (CAT-75); tests turn their own. */
  readonly clock?: Clock | undefined;
}

/** A worker that runs as its configuration says, and can be managed. */
export interface WorkerService {
  readonly setup: Setup;
  /** `stop` or `restart`: somebody who may wants it. Rejects when the node must not go on. */
  readonly ended: Promise<"stop" | "restart">;
  /**
   * Take no more work, let what runs end, interrupt it after so many milliseconds; then {@link ended} is `stop`.
   *
   * @returns whether what ran had to be interrupted, once it has ended.
   */
  drain(by: string, deadlineMs: number): Promise<boolean>;
  close(reason: "stopped" | "restarting"): Promise<void>;
}

/**
 * Start a worker from its configuration, wherever that is: as its server's when it is one, by itself when it is not, and
 * with nothing but its management socket when there is no configuration it could go by (CAT-9, CAT-12).
 *
 * @throws {WorkerError} and what {@link startDaemon} throws; then nothing is held.
 */
export async function startService(options: ServiceOptions): Promise<WorkerService> {
  const { env, log, mode, clock, logAs } = options;
  // What is live is asked for when it is needed; everything else waits for a restart and says so.
  const ending = endingOf(async ({ values }) => await logAs?.(values.log));
  const setup = await openSetup({
    ...(clock && { clock }),
    ...{ mode, env, log, apply: (now) => ending.apply(now) },
    // The worker went by what nobody has confirmed: to be back it must start anew (CAT-75).
    returned: (pending) => {
      if (pending.length > 0) ending.lifecycle.restart();
    },
  });
  try {
    const form = setup.configuration.running?.values.log;
    if (form) await logAs?.(form);
    // Who manages the worker hears its log as well (CAT-15).
    const running = await run(setup, ending.lifecycle, noticingLog(log, ending.notices, ending.lifecycle.recentLog));
    void running.failed?.then(ending.fail);
    return {
      setup,
      ended: ending.ended,
      drain: (by, deadlineMs) => ending.drain(by, deadlineMs),
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
  const self = selfOf(setup, values, log);
  const first = new FirstRegistration({ server: values.server, identity: setup.identity, instance, self, log });
  const membership = setup.identity.membership() ?? (await first.ask(timeLimit(enrolMs)));
  if (membership) return await runMember(setup, values, { membership, instance, self, lifecycle, log });
  return runUntilEnrolled(await runAlone(setup, lifecycle, log), first, lifecycle);
}

/** By itself for now: it starts anew as its server's when that has let it in. */
function runUntilEnrolled(alone: Running, first: FirstRegistration, lifecycle: Lifecycle): Running {
  const stopping = new AbortController();
  const asking = first.keepAsking(stopping.signal).then((membership) => membership && lifecycle.restart());
  const close = async (reason: "stopped" | "restarting"): Promise<void> => {
    stopping.abort();
    await asking;
    await alone.close(reason);
  };
  return { ...alone, close };
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
  const { ca } = serverTrust(values.server);
  if (ca !== undefined) setup.identity.trust(ca);
  const context = {
    controlSocket: setup.places.control,
    readFile: readSettingsFile,
    profile: roadProfile,
    proofKey: setup.identity.files.key,
    hub: member.membership.serverNode,
  };
  const { sections, roads, node } = memberSections(values, context);
  const opened: { units?: Units } = {};
  const needsEntitlement = (): boolean => setup.configuration.running?.values.remoteAccess.needsEntitlement ?? false;
  const entitlement = new ToldEntitlement(needsEntitlement);
  const worker = await startManagedWorker({
    ...member,
    ...{ sections, roads, node, urls: values.server.urls, proxy: values.server.proxy?.reveal() },
    cloud: setup.cloud && {
      cloud: setup.cloud,
      pending: ({ isFirst, applies }) => {
        // Without a version before there is nothing that a new start could disturb.
        if (isFirst) lifecycle.restart();
        else if (applies === "drain" && opened.units) whenIdle(opened.units, () => lifecycle.restart());
      },
    },
    identity: setup.identity,
    factor: setup.factor,
    needsEntitlement,
    entitled: (features) => entitlement.tell(features),
    dataDir: values.dataDir,
    roles: () => setup.configuration.running?.values.remoteAccess.roles ?? {},
    access: {
      shell: values.shell,
      tcpServices: () => setup.configuration.running?.values.tcpServices ?? {},
      httpServices: () => setup.configuration.running?.values.httpServices ?? {},
    },
    methods: ({ units, roads: open, node: { nodeId }, loops }, agent, beat) => {
      opened.units = units;
      return openLocalManagement({
        ...{ setup, units, nodeId, agent, beat, lifecycle, loops, log },
        entitlement: () => entitlement.now,
        meshAddresses: () => open.open.flatMap(({ addresses }) => addresses),
      });
    },
  });
  return { failed: worker.daemon.failed, close: (reason) => worker.close(reason) };
}

async function runAlone(setup: Setup, lifecycle: Lifecycle, log: Log): Promise<Running> {
  const manage = ({ units, roads, node: { nodeId }, loops }: DaemonParts) =>
    openLocalManagement({
      ...{ setup, units, nodeId, agent: undefined, lifecycle, loops, log },
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
    const parts = { setup, units, nodeId, agent: undefined, meshAddresses: () => [], lifecycle, loops: undefined, log };
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

function selfOf({ mode }: Setup, values: WorkerConfiguration, log: Log): SelfDescription {
  return {
    entitlement: entitlementIn(values, log),
    name: values.identity.name,
    labels: values.identity.labels,
    mode,
    version,
    capabilities: capabilitiesOf(values),
    helperSlots: values.helpers.count ?? helperSlots,
  };
}

/** One that is none keeps nobody from working (CAT-99): the worker comes without it. */
function entitlementIn({ entitlement }: WorkerConfiguration, log: Log): string | undefined {
  try {
    return ownEntitlement(entitlement)?.text;
  } catch (error) {
    log.warn("the worker's entitlement is not told to its server", { error: errorText(error) });
    return undefined;
  }
}

/** Somebody stops or restarts the worker from within. */
function endingOf(logAs: (now: Effective) => Promise<void>) {
  let end: (how: "stop" | "restart") => void = () => {};
  let fail: (error: Error) => void = () => {};
  const ended = new Promise<"stop" | "restart">((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  // Whoever runs the service hears of it; a service that nobody waits for must not end the process.
  ended.catch(() => {});
  let draining: Pick<Drain, "begin" | "wasCutShort"> | undefined;
  const drains = (drain: Pick<Drain, "begin" | "wasCutShort">): void => {
    draining = drain;
  };
  const drain = async (by: string, deadlineMs: number): Promise<boolean> => {
    if (draining) draining.begin(by, deadlineMs);
    else end("stop");
    await ended;
    return draining?.wasCutShort ?? false;
  };
  let watchers: Pick<Watchers, "configure"> | undefined;
  const watches = (opened: Pick<Watchers, "configure">): void => {
    watchers = opened;
  };
  let told: Notices | undefined;
  const tells = (notices: Notices): void => {
    told = notices;
  };
  const notices = (): Notices | undefined => told;
  const apply = async (now: Effective): Promise<void> => {
    await logAs(now);
    await watchers?.configure(now.values.watchers);
  };
  const lifecycle = {
    stop: () => end("stop"),
    restart: () => end("restart"),
    drains,
    watches,
    tells,
    recentLog: new RecentLog(),
  };
  return { ended, fail, drain, apply, lifecycle, notices };
}
