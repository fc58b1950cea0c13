import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import {
  type Clock,
  Closers,
  errorText,
  type Log,
  makeFolders,
  steadyClock,
  systemClock,
  type TlsServerSource,
} from "#core";
import { workerFingerprint } from "#fleet";
import type { Mesh, WebSocketGuest } from "#mesh";
import { AgeClock } from "./age-clock.ts";
import { LiveFeed } from "./api/live-feed.ts";
import { LiveNews } from "./api/live-news.ts";
import { Audit } from "./audit/audit.ts";
import { AuditedLines } from "./audit/audited-lines.ts";
import { type Access, accessOver } from "./auth/access.ts";
import type { FactorPolicy } from "./auth/factors.ts";
import { sealWith } from "./auth/seal.ts";
import { openServerKey } from "./auth/server-key.ts";
import type { Configurations } from "./config/configurations.ts";
import { openConfigurations } from "./config/open-configurations.ts";
import { Rollouts } from "./config/rollouts.ts";
import { Allowance } from "./line/allowance.ts";
import { type OpenAuthority, openAuthority } from "./line/certificates.ts";
import { ConfigDelivery } from "./line/config-delivery.ts";
import { fleetService, Lines } from "./line/lines.ts";
import { FirstRegistrations } from "./line/first-registrations.ts";
import { Members } from "./line/members.ts";
import { openOwnCertificate } from "./line/own-certificate.ts";
import type { ServerRoad } from "./line/server-roads.ts";
import { WorkerEntrance } from "./line/worker-entrance.ts";
import { openWorkersMesh, openWorkersRoads, profileName } from "./line/workers-mesh.ts";
import { keepUp } from "./keep-up.ts";
import { Entitlements } from "./policy/entitlements.ts";
import { EntitledLines } from "./policy/entitled-lines.ts";
import { LimitedRegistry } from "./policy/limited-registry.ts";
import { openPolicyFile, type PolicyFile } from "./policy/policy-file.ts";
import { UnitChannels } from "./progress/unit-channels.ts";
import { Quokka, type QuokkaSettings } from "./quokka/quokka.ts";
import { Recordings } from "./recording/recordings.ts";
import { Enrolments } from "./registry/enrolments.ts";
import { Health } from "./registry/health.ts";
import { PendingWorkers } from "./registry/pending-workers.ts";
import { configLabel } from "./registry/labels.ts";
import { Presence, type PresenceChange } from "./registry/presence.ts";
import type { Registry } from "./registry/registry.ts";
import { lastAuditAt } from "./store/audit.ts";
import { UnitIndex } from "./units/unit-index.ts";
import { openStore, type Store, type StoreSettings } from "./store/store.ts";

export interface CoreOptions {
  /** Keys, certificates, and the embedded database. */
  readonly dataDir: string;
  readonly store: StoreSettings;
  readonly nodeId: string;
  /** Names and addresses the server is reached by, for its certificate. */
  readonly hosts: readonly string[];
  readonly version: string;
  readonly log: Log;
  readonly clock?: Clock;
  /** Told of each change of a worker's state. */
  readonly workerChanged?: (change: PresenceChange) => void;
  /** Roads for workers besides the WebSocket on the server's own port. */
  readonly roads?: readonly ServerRoad[];
  /** What the port shows in place of a certificate of the server's authority; the operator's. */
  readonly portTls?: TlsServerSource | undefined;
  /** What a new enrolment token says the server is known by, SHA-256 in hex; undefined: the system's authorities vouch. */
  readonly pin?: (() => string | undefined) | undefined;
  /** Workers without a token that may wait for a person at once. */
  readonly maxPending?: number;
  /** Rows of the audit that are older are forgotten, milliseconds (CAT-121); absent: none ever is. */
  readonly auditKeptMs?: number | undefined;
  /** Units that their workers have no more are forgotten after so long, milliseconds; absent: 30 days. */
  readonly unitsKeptMs?: number | undefined;
  /** The port for workers of Quokka; absent: none. */
  readonly quokka?: QuokkaSettings | undefined;
  /** File that says what may be done from elsewhere; without one everything may (CAT-96). */
  readonly policy?: string | undefined;
  /** File that holds a signed entitlement, and files of the public keys that may sign some (CAT-98). */
  readonly entitlement?: string | undefined;
  readonly entitlementKeys?: readonly string[] | undefined;
  /** Roles that may, or must, have a second factor; what is not said is optional (CAT-66). */
  readonly factors?: Partial<FactorPolicy> | undefined;
}

/** The server without its port: everything that its API stands on. */
export interface ServerCore {
  readonly store: Store;
  readonly access: Access;
  readonly audit: Audit;
  readonly registry: Registry;
  readonly enrolments: Enrolments;
  readonly presence: Presence;
  readonly health: Health;
  readonly units: UnitIndex;
  readonly quokka: Quokka;
  /** Feeds a monitor that runs with the server. */
  readonly unitChannels: UnitChannels;
  readonly live: LiveFeed;
  /** Of all that is no worker. */
  readonly news: LiveNews;
  readonly configurations: Configurations;
  readonly rollouts: Rollouts;
  /** For the server itself. */
  readonly lines: Lines;
  readonly delivery: ConfigDelivery;
  /** For people: with what the policy includes. */
  readonly entitledLines: EntitledLines;
  readonly policy: PolicyFile;
  /** Of terminals and TCP streams. */
  readonly recordings: Recordings;
  readonly entitlements: Entitlements;
  readonly entrance: WorkerEntrance;
  /** By which it is decided what was kept for long enough. */
  readonly ages: AgeClock;
  /** Workers that nobody has vouched for yet. */
  readonly pending: PendingWorkers;
  readonly firstRegistrations: FirstRegistrations;
  readonly mesh: Mesh;
  readonly authority: OpenAuthority;
  /** The certificate of the server's port; it asks clients for theirs, and refuses none that has none. */
  readonly tls: TlsServerSource;
  /** Takes workers' WebSockets off the server's port. */
  readonly guest: WebSocketGuest;
  close(): Promise<void>;
}

/**
 * Open all of it. Nobody is let in before there is somebody to let them in: the database and the keys first, the roads last.
 *
 * @throws {ServerError} STORE_…, SERVER_KEY_UNUSABLE. @throws {MeshError} CERTIFICATE_…; then nothing is left open.
 */
export async function openServerCore(options: CoreOptions): Promise<ServerCore> {
  const closers = new Closers();
  try {
    return await openAll(options, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function openAll(options: CoreOptions, closers: Closers): Promise<ServerCore> {
  const { dataDir, nodeId, log, version, clock = systemClock } = options;
  makeFolders(dataDir, 0o700);
  const seal = sealWith(await openServerKey(join(dataDir, "server.secret")));
  const authority = await openAuthority(dataDir);
  const ownCertificate = () => openOwnCertificate(dataDir, nodeId, options.hosts, authority, new Date(clock.now()));
  const { cert, key } = await ownCertificate();
  const store = await openStore(options.store, log);
  closers.add({ close: async () => await store[Symbol.asyncDispose]() });
  const ages = new AgeClock(clock, await lastAuditAt(store));
  const audit = new Audit(store, clock);
  closers.add({ close: () => audit.flush() });
  const access = accessOver({
    store,
    seal,
    clock,
    policy: options.factors ?? {},
    factorLocked: tellLocked(audit, log),
  });
  const live = new LiveFeed(store, log);
  const news = new LiveNews();
  const toldConfig = (name: string): void => news.changed(`configuration/${name}`);
  const entitlements = closers.add(
    await new Entitlements({
      ...{ store, audit, log, clock, serverId: workerFingerprint(authority.key) },
      ...{ keyFiles: options.entitlementKeys, file: options.entitlement },
    }).open(),
  );
  const granted = (workerId: string | undefined, isOpen: boolean) => entitlements.granted(workerId, isOpen);
  const policy = closers.add(await openPolicyFile({ path: options.policy, log, clock, granted }));
  const lines: { open?: Lines; entitled?: EntitledLines } = {};
  const changed = (change: PresenceChange): void => {
    if (change.state === "removed") {
      lines.open?.remove(change.workerId);
      health.beats.forget(change.workerId);
      units.forget(change.workerId);
      quokka.removed(change.workerId);
      unitChannels.removed(change.workerId);
    }
    live.changed(change);
    options.workerChanged?.(change);
  };
  const health = new Health(store, clock, ages);
  const units = new UnitIndex({ store, clock, ages, keptMs: options.unitsKeptMs });
  const presence = new Presence({ store, clock, changed });
  await presence.load();
  const ofQuokka = { store, audit, presence, health, index: units, folder: join(dataDir, "quokka"), clock, log };
  const keptMs = options.unitsKeptMs;
  const quokka = closers.add(new Quokka({ ...ofQuokka, ages, keptMs, settings: options.quokka }));
  const recheck = (): void =>
    void lines.entitled
      ?.recheck()
      .catch((error: unknown) => log.warn("entitlements were not looked at", { error: errorText(error) }));
  const registry = new LimitedRegistry({
    store,
    audit,
    attendance: presence,
    clock,
    policy,
    entitlements,
    changed: recheck,
    labelled: (workerId, before, after) => {
      // Who may see what goes by them.
      news.changed("mesh");
      news.changed(`worker-configuration/${workerId}`);
      for (const name of new Set([before[configLabel], after[configLabel]])) if (name !== undefined) toldConfig(name);
      const state = presence.state(workerId);
      if (state) live.changed({ workerId, ...state });
    },
  });
  const members = new Members();
  await members.load(store);
  const workersMesh = openWorkersMesh({ nodeId, cert, key, authority, log });
  const { tls } = workersMesh;
  const mesh = closers.add(workersMesh.mesh);
  mesh.onChange(() => news.changed("mesh"));
  // Workers go by it when they look at assertions: it must not jump between a registration and a request.
  const steady = steadyClock(clock);
  const entrance = new WorkerEntrance({ registry, members, authority, serverNode: nodeId, clock, steady });
  const changedConfig = (name: string, version: number): void => {
    lines.open?.configChanged(name, version);
    toldConfig(name);
  };
  const configurations = openConfigurations({ store, audit, seal, clock, presence, changed: changedConfig });
  const rollouts = new Rollouts({
    ...{ store, audit, configurations, presence, clock, log },
    changed: changedConfig,
    turned: toldConfig,
  });
  const delivery = new ConfigDelivery({ store, registry, configurations, rollouts, clock, reported: toldConfig });
  lines.open = new Lines({
    ...{ delivery, entrance, presence, health, units, registry, members, mesh, clock, steady, log, version },
    serverNode: nodeId,
    renewals: new Allowance(10, 100, clock),
    tlsClient: profileName,
    helpersRemote: (workerId) => policy.allowed("helpers.remote", { workerId }),
    entitled: async (workerId) => await lines.entitled?.features(workerId),
  });
  closers.add(lines.open);
  const audited = new AuditedLines({ lines: quokka.linesBeside(lines.open), audit, clock, log });
  const folder = join(dataDir, "recordings");
  const recordings = new Recordings({ folder, seal, rules: () => policy.recording, audit, clock, ages, log });
  lines.entitled = new EntitledLines({ lines: audited, policy, entitlements, store, audit, log });
  const unitChannels = closers.add(new UnitChannels({ store, units, lines: lines.entitled, clock, log }));
  access.endings.listen(({ id }) => unitChannels.ended(id));
  policy.listen(recheck);
  entitlements.listen(recheck);
  mesh.listen(fleetService, { tls: profileName, accept: (stream) => lines.open?.accept(stream) });
  const { portTls, roads = [] } = options;
  const guest = await openWorkersRoads(workersMesh, { nodeId, members, portTls, roads, log });
  const enrolments = new Enrolments({
    store,
    audit,
    clock,
    ages,
    pin: options.pin ?? (() => fingerprintOf(authority.certificate)),
  });
  const limits = options.maxPending === undefined ? {} : { all: options.maxPending };
  const pending = new PendingWorkers({
    ...{ store, audit, nonces: registry.nonces, clock, limits },
    changed: () => news.changed("pending"),
  });
  const firstRegistrations = new FirstRegistrations({ entrance, presence, pending, access, audit });
  const { auditKeptMs } = options;
  const kept = { access, audit, ages, auditKeptMs, presence, health, units, quokka, enrolments, pending };
  await quokka.open();
  closers.add(keepUp({ ...kept, recordings, rollouts, ownCertificate, clock, log }));
  return {
    ...{ store, access, audit, ages, registry, presence, health, units, live, news, configurations, rollouts },
    ...{ entrance, mesh, quokka, unitChannels },
    ...{ pending, firstRegistrations },
    ...{ authority, delivery, tls: tls.server("port"), guest },
    ...{ enrolments, policy, entitlements, recordings, lines: lines.open, entitledLines: lines.entitled },
    close: () => closers.close(),
  };
}

/** Somebody has the password of this user, and guesses codes: that must not stay unseen (CAT-66). */
function tellLocked(audit: Audit, log: Log): (userId: string) => void {
  return (userId) => {
    log.warn("a second factor was locked: ten wrong codes", { user: userId });
    audit
      .record("server", "factor.locked", userId)
      .catch((error: unknown) => log.warn("a locked factor was not audited", { error: errorText(error) }));
  };
}

/** SHA-256 of a certificate, hex. */
function fingerprintOf(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256.replaceAll(":", "").toLowerCase();
}
