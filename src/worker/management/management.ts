import { join } from "node:path";
import { type Clock, Closers, type Log, systemClock, type TlsServerSource } from "#core";
import { type MethodTable, methodTable, type ServedMethod } from "#fleet";
import type { Units } from "#work";
import { Access } from "./access.ts";
import { Desk } from "./desk.ts";
import { Guesses } from "./guesses.ts";
import type { CheckAssertion, HttpVisitors } from "./http-visitor.ts";
import type { AccessRules, Entitlement } from "./may-connect.ts";
import { noticeMethods, Notices } from "./notices.ts";
import { passwordFile } from "./password-file.ts";
import { passwordMethods } from "./password-methods.ts";
import { PasswordSessions } from "./password-sessions.ts";
import type { OwnNames } from "./request-rules.ts";
import { ServicePassword } from "./service-password.ts";
import { openSocketCarrier } from "./socket-carrier.ts";
import type { SocketPlace } from "./socket-place.ts";
import { Switches } from "./switches.ts";
import { toolMethods } from "./tool-methods.ts";
import { unitMethods, unitNotice } from "./unit-methods.ts";
import { type Lifecycle, type WorkerFacts, workerMethods } from "./worker-methods.ts";

/** The HTTP port, which is closed unless the settings open it (CAT-15). */
export interface ApiSettings {
  /** Port, host or `host:port`; 127.0.0.1:8889 without it. */
  readonly listen?: string | undefined;
  readonly tls?: TlsServerSource | undefined;
  readonly names?: OwnNames;
  /** How long a request may take to come, milliseconds; 30 s unless told otherwise. */
  readonly requestMs?: number;
}

/** Parts of a running worker, and how it may be managed. */
export interface ManagementOptions {
  readonly units: Units;
  readonly facts: () => WorkerFacts;
  /** What this worker can do that others may not, for the handshake (CAT-20). */
  readonly features?: readonly string[];
  readonly lifecycle: Lifecycle;
  /** Methods of other parts: configuration, streams. They are served by the same carriers. */
  readonly more?: readonly ServedMethod[];
  /** Folder for what is remembered: password and switches. Private to the service. */
  readonly stateDir: string;
  readonly rememberSwitches?: boolean;
  /** The password's hash as the configuration holds it; what is set later stands in a file of `stateDir`, and goes first. */
  readonly configuredHash?: () => string | undefined;
  /** Absent where the settings switch it off: then the server or the port is the way in (CAT-82). */
  readonly socket: SocketPlace | undefined;
  /** A second socket whose openers may look on (CAT-23). */
  readonly monitorSocket?: SocketPlace | undefined;
  readonly api?: ApiSettings | undefined;
  /** Asked with every request. */
  readonly rules: () => Omit<AccessRules, "passwordSet">;
  readonly entitlement: () => Entitlement;
  /** For requests that the server sends to the HTTP port itself (CAT-58). */
  readonly checkAssertion?: CheckAssertion | undefined;
  /** Tokens of helpers from elsewhere, which come by the HTTP port (CAT-87). */
  readonly helperTokens?: HttpVisitors["helperTokens"];
  readonly log: Log;
  readonly clock?: Clock;
}

/** The management of one worker. */
export interface Management {
  /** All methods: whoever brings calls by another way dispatches them through it as well (CAT-13). */
  readonly table: MethodTable;
  readonly access: Access;
  readonly switches: Switches;
  /** Where lines of the log are published; changes of units and switches are already. */
  readonly notices: Notices;
  /** The sockets and the port, as {@link OpenCarrier.address} writes them. */
  readonly addresses: readonly string[];
  close(): Promise<void>;
}

/**
 * Serve the management of a worker on its own carriers.
 *
 * @throws {WorkerError} SOCKET_UNSAFE, SOCKET_IN_USE, API_UNSAFE, PORT_UNAVAILABLE; then nothing is left open.
 */
export async function openManagement(options: ManagementOptions): Promise<Management> {
  const { log, api, socket, monitorSocket, checkAssertion, helperTokens } = options;
  const parts = partsOf(options);
  const { table, access, sessions, switches, notices } = parts;
  const desk = new Desk(table, access, log);
  const closers = new Closers();
  const addresses: string[] = [];
  try {
    const open = async (opening: ReturnType<typeof openSocketCarrier>): Promise<void> => {
      addresses.push(closers.add(await opening).address);
    };
    if (monitorSocket)
      await open(openSocketCarrier({ place: monitorSocket, carrier: "monitor-socket", desk, notices, log }));
    if (api) {
      // Most workers have none, and start sooner without it.
      const { openHttpCarrier } = await import("./http-carrier.ts");
      const { listen, tls, names = { hosts: [], origins: [] }, ...rest } = api;
      const visitors = { sessions, checkAssertion, helperTokens };
      await open(openHttpCarrier({ listen, tls, names, ...rest, desk, notices, ...visitors, log }));
    }
    if (socket) await open(openSocketCarrier({ place: socket, carrier: "socket", desk, notices, log }));
  } catch (error) {
    await closers.close();
    throw error;
  }
  const close = (): Promise<void> => closers.close();
  return { table, access, switches, notices, addresses, close };
}

function partsOf(options: ManagementOptions) {
  const { stateDir, rememberSwitches = true, rules, entitlement, units, log, clock = systemClock } = options;
  const password = new ServicePassword(passwordFile(join(stateDir, "password"), options.configuredHash));
  const sessions = new PasswordSessions(clock);
  const access = new Access({ rules: () => ({ ...rules(), passwordSet: password.isSet }), entitlement, sessions });
  const switches = new Switches({ file: rememberSwitches ? join(stateDir, "switches.json") : undefined, log });
  const notices = new Notices(access);
  switches.onChange((states) => notices.publish("switches", () => states));
  switches.onChange(() => units.hold(!switches.mayTake));
  units.watch((unit, isGone) => notices.publish("units", () => unitNotice(unit, isGone)));
  const { facts, features = [], lifecycle, more = [] } = options;
  const table = methodTable([
    ...workerMethods({ facts, features, units, switches, password, lifecycle, clock }),
    ...unitMethods(units),
    ...toolMethods(units),
    ...noticeMethods(notices),
    ...passwordMethods({ access, password, sessions, guesses: new Guesses(clock), log }),
    ...more,
  ]);
  return { table, access, switches, sessions, notices };
}
