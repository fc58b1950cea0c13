import type { Duplex } from "node:stream";
import { Closers } from "#core";
import type { BoundServer, ListenerService } from "./bound-server.ts";
import { commandTable, type ControlCommand, type RemoteKind } from "./command.ts";
import { ControlError } from "./errors.ts";
import { OpenSessions } from "./open-sessions.ts";
import { type ControlLimits, type ControlListenerSettings, type ControlLog, controlLimits } from "./settings.ts";
import { lockSocket } from "./socket-lock.ts";
import { openTcpListener } from "./tcp-listener.ts";
import { openTlsListener } from "./tls-listener.ts";
import { openUnixListener } from "./unix-listener.ts";

/** A control service that listens. */
export interface ControlListener {
  /** Where it can be reached, in the grammar of {@link parseControlAddress}; with the real port when 0 was asked. */
  readonly addresses: readonly string[];
  /** Serve a client on a stream that came by another way (a mesh stream, from `remoteNode`), under the same limits. */
  serve(stream: Duplex, remote: RemoteKind, remoteNode?: string): void;
  /**
   * Stop listening, end the sessions by their signals and give up the lock. The socket file goes, the lock file stays.
   * Commands that do not heed their signal are cut off after `limits.closeMs`.
   */
  close(): Promise<void>;
}

/** Where to listen and for what. */
export interface ControlListenerOptions extends ControlListenerSettings {
  readonly nodeId: string;
  readonly commands: readonly ControlCommand[];
  readonly log: ControlLog;
  /** Other limits than {@link controlLimits}. */
  readonly limits?: Partial<ControlLimits> | undefined;
}

/** A control service that holds its lock and serves streams, and does not listen yet. */
export interface ReservedListener extends Pick<ControlListener, "serve" | "close"> {
  /** Open its sockets, once. @throws {ControlError | TlsProfileError} it is to be closed then. */
  listen(): Promise<ControlListener>;
}

/**
 * Take the lock of a control service, before anything is done that a second daemon must not do. Whoever finds its socket
 * later finds everything else ready.
 *
 * @throws {ControlError} `NO_LISTENERS`, `SOCKET_LOCKED`.
 */
export async function reserveControlListener(options: ControlListenerOptions): Promise<ReservedListener> {
  const { nodeId, log } = options;
  const hasListener = options.filename || options.tcpListen || options.onMesh;
  if (!hasListener) throw new ControlError("NO_LISTENERS", "no listeners specified");
  const limits = { ...controlLimits, ...options.limits };
  const sessions = new OpenSessions({ nodeId, commands: commandTable(options.commands), limits, log });
  // Closed in reverse: no new clients, then no sessions, then the lock is free for the next daemon.
  const closers = new Closers();
  if (options.filename) closers.add(await lockSocket(options.filename));
  closers.add(sessions);
  const reserved: Omit<ReservedListener, "listen"> = {
    serve: (stream, remote, remoteNode) => sessions.serve(stream, remote, remoteNode),
    close: () => closers.close(),
  };
  const listen = async (): Promise<ControlListener> => {
    const servers = await openServers(options, { sessions, limits, log }, closers);
    return { addresses: servers.map(({ address }) => address), ...reserved };
  };
  return { ...reserved, listen };
}

/** Open the sockets of one control service (spec §1.1). @throws {ControlError | TlsProfileError} */
export async function openControlListener(options: ControlListenerOptions): Promise<ControlListener> {
  const reserved = await reserveControlListener(options);
  try {
    return await reserved.listen();
  } catch (error) {
    await reserved.close();
    throw error;
  }
}

async function openServers(
  { filename, permissions = 0o600, tcpListen, tcpTls }: ControlListenerSettings,
  service: ListenerService,
  closers: Closers,
): Promise<BoundServer[]> {
  const servers: BoundServer[] = [];
  if (filename) servers.push(closers.add(await openUnixListener(filename, permissions, service)));
  if (tcpListen && tcpTls) servers.push(closers.add(await openTlsListener(tcpListen, tcpTls, service)));
  else if (tcpListen) servers.push(closers.add(await openTcpListener(tcpListen, service)));
  return servers;
}
