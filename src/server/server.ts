import type { Socket } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import type { Clock, Log, TlsServerSource } from "#core";
import { systemClock } from "#core";
import { type Api, openApi } from "./api/api.ts";
import { plainAddress } from "./api/client-address.ts";
import type { FactorPolicy } from "./auth/factors.ts";
import { openServerCore, type ServerCore } from "./core.ts";
import { ServerError } from "./errors.ts";
import { pinOf } from "./line/own-certificate.ts";
import type { ServerRoad } from "./line/server-roads.ts";
import type { QuokkaSettings } from "./quokka/quokka.ts";
import { isFeature } from "./policy/policy.ts";
import type { PolicyFile } from "./policy/policy-file.ts";
import type { Worker } from "./registry/worker.ts";
import type { StoreSettings } from "./store/store.ts";

export interface ServerSettings {
  readonly dataDir: string;
  readonly store: StoreSettings;
  readonly listen: { readonly host: string; readonly port: number };
  /** Where people and workers reach it, when that is not where it listens. */
  readonly publicUrl?: string | undefined;
  /** More names it is reached under. */
  readonly hostNames?: readonly string[] | undefined;
  /** A certificate of the operator's for the port; without it the server's own authority signs one. */
  readonly tls?: TlsServerSource | undefined;
  /** No TLS, on the loopback only: a proxy before it speaks TLS, at `publicUrl`. */
  readonly plainHttp?: boolean | undefined;
  /** Workers without a token that wait for a person at once; 0: none may. Default 100. */
  readonly maxPending?: number | undefined;
  /** Rows of the audit that are older are forgotten, milliseconds; absent: none ever is (CAT-121). */
  readonly auditKeptMs?: number | undefined;
  /** Units that their workers have no more are forgotten after so long, milliseconds; absent: 30 days. */
  readonly unitsKeptMs?: number | undefined;
  /** The port for workers of Quokka; absent: none. */
  readonly quokka?: QuokkaSettings | undefined;
  readonly trustedProxies?: readonly string[] | undefined;
  readonly roads?: readonly ServerRoad[] | undefined;
  /** Give metrics to this machine without a credential. */
  readonly openMetrics?: boolean | undefined;
  readonly nodeId?: string | undefined;
  /** The operator's policy file, read again when it changes (CAT-96); without one everything is included. */
  readonly policy?: string | undefined;
  /** File that holds a signed entitlement, and files of the public keys that may sign some (CAT-98). */
  readonly entitlement?: string | undefined;
  readonly entitlementKeys?: readonly string[] | undefined;
  /** Roles that may, or must, have a second factor; what is not said is optional (CAT-66). */
  readonly factors?: Partial<FactorPolicy> | undefined;
  readonly version: string;
  readonly log: Log;
  readonly clock?: Clock | undefined;
}

/** A server that runs. */
export interface RunningServer {
  readonly core: ServerCore;
  readonly api: Api;
  /** Where it is reached. */
  readonly url: string;
  /** The first admin, made now: shown this once. */
  readonly firstAdmin: { readonly name: string; readonly password: string } | undefined;
  close(): Promise<void>;
}

/**
 * Start a server: what it stands on first, its port last.
 *
 * @throws {ServerError} STORE_…, SERVER_KEY_UNUSABLE, LISTEN_FAILED. @throws {MeshError}; then nothing is left open.
 */
export async function startServer(settings: ServerSettings): Promise<RunningServer> {
  const { dataDir, store, listen, publicUrl, version, log, clock = systemClock } = settings;
  const hosts = hostsOf(settings);
  requireProxy(settings);
  const core = await openServerCore({
    ...{ dataDir, store, hosts, version, log, clock, roads: settings.roads ?? [] },
    nodeId: settings.nodeId ?? "farhand-server",
    policy: settings.policy,
    ...{ entitlement: settings.entitlement, entitlementKeys: settings.entitlementKeys },
    factors: settings.factors,
    auditKeptMs: settings.auditKeptMs,
    unitsKeptMs: settings.unitsKeptMs,
    quokka: settings.quokka,
    portTls: settings.tls,
    ...(settings.maxPending !== undefined && { maxPending: settings.maxPending }),
    ...((settings.tls || settings.plainHttp) && { pin: () => settings.tls && pinOf(settings.tls) }),
  });
  try {
    const firstAdmin = await core.access.accounts.makeFirstAdmin();
    const { tls: ownTls, ...parts } = core;
    const api = await openApi({
      ...parts,
      lines: core.entitledLines,
      isEntitled: (name, _caller, worker) => mayBeEntitled(core.policy, name, worker),
      ...{ listen, version, log, clock, ages: core.ages, hostNames: hosts },
      ...(!settings.plainHttp && { tls: settings.tls ?? ownTls }),
      enrol: core.firstRegistrations,
      ...(publicUrl !== undefined && { publicUrl }),
      ...(settings.trustedProxies && { trustedProxies: settings.trustedProxies }),
      ...(settings.openMetrics !== undefined && { openMetrics: settings.openMetrics }),
      upgrade: (request, socket, head, from) => {
        if (!core.guest.isFor(request)) return false;
        const isDirect = from === plainAddress((socket as Socket).remoteAddress);
        core.guest.handle(request, socket as Socket, head, isDirect ? undefined : from);
        return true;
      },
    });
    const close = async (): Promise<void> => {
      await api.close();
      await core.close();
    };
    return { core, api, url: publicUrl ?? urlOf(api.address, hosts, settings), firstAdmin, close };
  } catch (error) {
    await core.close();
    throw error;
  }
}

/**
 * Whether a route is worth going into, before a body is read: what only the number of workers decides is decided when the
 * request is forwarded, at that moment (`EntitledLines`).
 */
function mayBeEntitled(policy: PolicyFile, name: string, worker: Worker | undefined): boolean {
  const about = worker ? { workerId: worker.id, worker: { mode: worker.mode, isOnly: true } } : {};
  return isFeature(name) && policy.allowed(name, about);
}

/** Every name and address that may lead here. */
function hostsOf({ listen, publicUrl, hostNames = [] }: ServerSettings): string[] {
  const named = publicUrl === undefined ? [] : [new URL(publicUrl).hostname.replaceAll(/[[\]]/g, "")];
  const isEverywhere = ["0.0.0.0", "::"].includes(listen.host);
  const own = isEverywhere ? [hostname(), ...addresses()] : [listen.host];
  return [...new Set([...named, ...hostNames, ...own, "localhost", "127.0.0.1", "::1"])];
}

function addresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
  );
}

/** @throws {ServerError} SETTINGS_INVALID. */
function requireProxy({ plainHttp, tls, publicUrl }: ServerSettings): void {
  if (plainHttp && tls)
    throw new ServerError("SETTINGS_INVALID", "a port without TLS shows no certificate: give one of them");
  if (plainHttp && publicUrl !== undefined && !publicUrl.startsWith("https:"))
    throw new ServerError("SETTINGS_INVALID", "public-url: people and workers reach a server by https only");
}

function urlOf(
  { host, port }: { host: string; port: number },
  [first = host]: readonly string[],
  { plainHttp }: ServerSettings,
): string {
  const name = ["0.0.0.0", "::"].includes(host) ? first : host;
  return `${plainHttp ? "http" : "https"}://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
