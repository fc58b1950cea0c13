import type { ListenOptions, Server, ServerOpts } from "node:net";
import { errorText, systemCode } from "#core";
import { ControlError } from "./errors.ts";
import type { OpenSessions } from "./open-sessions.ts";
import type { ControlLimits, ControlLog } from "./settings.ts";

/** What every kind of listener needs of its service. */
export interface ListenerService {
  readonly sessions: OpenSessions;
  readonly limits: ControlLimits;
  readonly log: ControlLog;
}

/** A server that listens. `close()` stops accepting; sessions that are open go on. */
export interface BoundServer {
  /** In the grammar of {@link parseControlAddress}. */
  readonly address: string;
  close(): void;
}

/** Connections beyond the session limit that may be open while they are told so. More are dropped without a word. */
const turnedAwayAtOnce = 64;

/** How much may wait on either side of a stream, in bytes: below this large payloads and outputs become slow. */
export const streamBuffer = 256 * 1024;

/** Options of every server: clients half-close, replies are small, and dead TCP peers must be found out. */
export const serverOptions: ServerOpts = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
  highWaterMark: streamBuffer,
};

/** Bind and listen. The bind itself is done when this function returns its promise. @throws {ControlError} */
export function listen(server: Server, where: ListenOptions, name: string, limits: ControlLimits): Promise<void> {
  server.maxConnections = limits.sessions + turnedAwayAtOnce;
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(listenError(error, name));
    server.once("error", failed);
    server.listen({ backlog: 1024, ...where }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

/** Keep a listening server alive through failed accepts (no descriptors left), saying so once a second at most. */
export function surviveAcceptErrors(server: Server, log: ControlLog, name: string): void {
  let saidAt = Number.NEGATIVE_INFINITY;
  server.on("error", (error) => {
    if (performance.now() - saidAt < 1000) return;
    saidAt = performance.now();
    log.warn(`could not accept a control connection on ${name}: ${errorText(error)}`);
  });
}

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there: stop it or choose another address",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "this user may not: choose a port above 1023 or a folder it may write to",
  ENOENT: "the folder does not exist: create it",
  ENOTFOUND: "no such host",
};

/** The error for what the system said about listening at `name`. */
export function listenError(error: unknown, name: string): ControlError {
  const why = remedies[systemCode(error) ?? ""];
  const text = `cannot listen on ${name}: ${why ? `${why} (${errorText(error)})` : errorText(error)}`;
  return new ControlError("LISTEN_FAILED", text, { cause: error });
}
