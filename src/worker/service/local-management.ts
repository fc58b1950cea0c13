import { join } from "node:path";
import { type Log, tlsServerSource } from "#core";
import type { CallContext, WatcherStatus } from "#fleet";
import type { Units } from "#work";
import type { LocalManagement } from "../agent/managed-worker.ts";
import type { AgentState, AnsweredBeat } from "../agent/agent.ts";
import type { DaemonParts } from "../daemon.ts";
import { configurationMethods } from "../configuration/mod.ts";
import { type ApiSettings, type Management, openManagement } from "../management/management.ts";
import type { AccessRules, Entitlement } from "../management/may-connect.ts";
import { switchedWork } from "../management/switched-work.ts";
import { factorMethods } from "../management/factor-methods.ts";
import { visitorOf } from "../management/visitor.ts";
import type { Lifecycle, WorkerFacts } from "../management/worker-methods.ts";
import type { Notices } from "../management/notices.ts";
import { logMethods, type RecentLog } from "../management/recent-log.ts";
import type { Switches } from "../management/switches.ts";
import { Watchers } from "../watchers/mod.ts";
import { openEntitlement } from "./told-entitlement.ts";
import { doctorMethods } from "./doctor-methods.ts";
import { Drain } from "./drain.ts";
import { vitalsMethods } from "./vitals-methods.ts";
import { firstRunState, nextStep, type Setup } from "../modes/mod.ts";

/** What local management stands on. */
export interface ManagementParts {
  readonly setup: Setup;
  readonly units: Units;
  readonly nodeId: string;
  readonly meshAddresses: () => readonly string[];
  /** How far it has got with its server; undefined: it has none. */
  readonly agent: (() => AgentState) | undefined;
  /** The last heartbeat that its server has answered; absent: it has none. */
  readonly beat?: () => AnsweredBeat | undefined;
  readonly lifecycle: Lifecycle & {
    /** Is given the way to an orderly end. */
    drains?(drain: Pick<Drain, "begin" | "wasCutShort">): void;
    /** Is given what goes by another list of watched folders when that changes. */
    watches?(watchers: Pick<Watchers, "configure">): void;
    /** Is given where lines of the log are told. */
    tells?(notices: Notices): void;
    /** The last lines of its log. */
    readonly recentLog?: RecentLog;
  };
  readonly loops: DaemonParts["loops"];
  /** What the policy of its server includes; absent: it has no server, and so no policy. */
  readonly entitlement?: () => Entitlement;
  readonly log: Log;
}

/** The worker's method table with its own carriers: the Unix socket always, the HTTP port when the configuration opens it. */
export async function openLocalManagement(parts: ManagementParts): Promise<LocalManagement> {
  const { setup, units, lifecycle, log, nodeId, loops } = parts;
  const { configuration, places } = setup;
  const { running } = configuration;
  const opened: { switches?: Switches; watchers?: Watchers } = {};
  const drain = new Drain({ units, loops, lifecycle, log, takeNone: () => opened.switches?.drain() });
  lifecycle.drains?.(drain);
  const management = await openManagement({
    units,
    lifecycle,
    log,
    facts: () => ({ ...factsOf(parts, drain.isOn), ...watchersOf(opened.watchers) }),
    more: [
      ...configurationMethods({ configuration, connectionOf: connections() }),
      ...factorMethods(hardening(parts)),
      ...vitalsMethods(places.units, parts.beat ?? (() => undefined)),
      ...logMethods(lifecycle.recentLog ?? { lines: [] }),
      ...doctorMethods(setup, () => opened.watchers?.status ?? []),
      ...(loops?.methods ?? []),
      ...drain.methods,
    ],
    helperTokens: loops?.tokens,
    stateDir: places.state,
    rememberSwitches: running?.values.switches.remember ?? true,
    socket: running?.values.socket.enabled === false ? undefined : { path: places.socket, group: places.group },
    configuredHash: () => configuration.running?.values.legacyPassword.hash?.reveal(),
    api: apiOf(setup, log),
    rules: () => ({ ...rulesOf(setup), hardened: setup.factor.isSet }),
    entitlement: parts.entitlement ?? (() => openEntitlement),
  });
  const { switches, table } = management;
  opened.switches = switches;
  lifecycle.tells?.(management.notices);
  const watchers = await openWatchers(parts, management);
  opened.watchers = watchers;
  return {
    table,
    stopping: drain,
    mayTake: () => switches.mayTake,
    troubles: () => watcherTroubles(watchers.status),
    work: (command) => switchedWork(command, switches, { nodeId, units }),
    close: async () => {
      await watchers.close();
      await management.close();
    },
  };
}

/** Before anything that waits is started, so that each file finds its unit as the worker before has left it. */
async function openWatchers({ setup, units, lifecycle, log }: ManagementParts, { switches, notices }: Management) {
  const watchers: Watchers = new Watchers({
    ...{ units, log, dir: join(setup.places.state, "watchers"), mayAdd: () => switches.mayWatch },
    changed: () => notices.publish("watchers", () => ({ watchers: watchers.status })),
  });
  switches.onChange(() => watchers.wake());
  lifecycle.watches?.(watchers);
  await watchers.configure(setup.configuration.running?.values.watchers ?? []);
  return watchers;
}

/** What is wrong with watched folders, as far as it fits a heartbeat. */
function watcherTroubles(status: readonly WatcherStatus[]) {
  const troubled = status.filter(({ state }) => state === "trouble");
  const [first] = troubled;
  if (!first) return {};
  const more = troubled.length > 1 ? `; ${troubled.length - 1} more in trouble` : "";
  const reason = (first.reason ?? "").slice(0, 800);
  return { watchersTroubled: troubled.length, trouble: `watcher ${first.name}: ${reason}${more}` };
}

function watchersOf(watchers: Watchers | undefined): Pick<WorkerFacts, "watchers"> {
  const status = watchers?.status ?? [];
  return status.length > 0 ? { watchers: status } : {};
}

function hardening({ setup, nodeId, log }: ManagementParts) {
  const unfit = (): string | undefined =>
    setup.cloud && "the server holds the configuration of this worker: a code that guards it here would guard nothing";
  return { factor: setup.factor, unfit, log, name: () => setup.identity.membership()?.name ?? nodeId };
}

function factsOf({ setup, nodeId, meshAddresses, agent }: ManagementParts, isStopping: boolean): WorkerFacts {
  const { configuration, identity, places, mode } = setup;
  const membership = identity.membership();
  const reached = agent?.();
  const run = { written: configuration.written, membership, isReached: reached && reached.state === "registered" };
  const state = firstRunState(run);
  const isMember = state === "registered" && reached?.state === "registered";
  const trouble = reached && "trouble" in reached ? troubleOf(reached) : undefined;
  const [fault] = configuration.written.state === "misconfigured" ? configuration.written.faults : [];
  const reason = fault ? `${fault.path || "the text"}: ${fault.reason}` : trouble;
  return {
    state: isStopping ? "stopping" : state === "registered" && !isMember ? "configured" : state,
    mode,
    nodeId,
    nextStep: nextStep(run, places),
    pending: configuration
      .effective()
      .pending.flatMap(({ path, applies }) => (applies === "live" ? [] : [{ key: path, takesEffect: applies }])),
    meshAddresses: [...meshAddresses()],
    hardened: setup.factor.isSet,
    ...(reason !== undefined && { reason }),
    ...(membership && { name: membership.name }),
    ...(places.configFile !== undefined && { settingsFile: places.configFile }),
  };
}

/** With the counter that stands for the lines which the log does not repeat (CAT-120). */
function troubleOf(agent: AgentState): string | undefined {
  const tries = "tries" in agent ? agent.tries : undefined;
  return agent.trouble === undefined || tries === undefined ? agent.trouble : `${agent.trouble} (tried ${tries} times)`;
}

function rulesOf({ configuration, identity, mode }: Setup): Omit<AccessRules, "passwordSet"> {
  const values = configuration.running?.values;
  return {
    mode,
    isRegistered: identity.membership() !== undefined,
    requirePasswordLocally: values?.legacyPassword.requireLocally ?? false,
    legacyPassword: values?.legacyPassword ?? { remote: false, level: "monitor", acceptHashLocally: false },
    roles: values?.remoteAccess.roles ?? {},
  };
}

function apiOf({ configuration }: Setup, log: Log): ApiSettings | undefined {
  const api = configuration.running?.values.api;
  if (!api?.enabled) return undefined;
  const { listen, port, cert, key, names } = api;
  return {
    listen: `${listen.includes(":") ? `[${listen}]` : listen}:${port}`,
    names: { hosts: names, origins: [] },
    ...(cert !== null && key !== null && { tls: tlsServerSource({ cert, key }, log) }),
  };
}

/** A name for what each call came over, to tell the connection of an edit from that of its confirmation (CAT-75). */
function connections(): (context: CallContext) => string {
  const numbers = new WeakMap<object, number>();
  let last = 0;
  return ({ caller, id }) => {
    const visitor = visitorOf(caller);
    if (!visitor) return caller.connection ?? caller.session ?? id;
    const number = numbers.get(visitor) ?? ++last;
    numbers.set(visitor, number);
    return `${visitor.way} ${number}`;
  };
}
