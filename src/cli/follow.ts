import { createHash } from "node:crypto";
import { isFinal, type UnitReport } from "#work/wire";
import { ControlError } from "#control";
import { type Clock, errorText, FarhandError } from "#core";
import { CliError } from "./errors.ts";

/** The two questions following needs answered, each on a connection of its own. */
export interface FollowLink {
  /** Output from byte `from` to the end of the stream, which may come at any time. */
  output(from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  status(signal: AbortSignal): Promise<UnitReport>;
}

/** How to follow, and whom to tell. */
export interface FollowOptions {
  /** Byte to begin at. */
  readonly from: number;
  /** The daemon was just spoken to: when it cannot be reached now, waiting may help. */
  readonly wasReached?: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Print a chunk; the promise sets the pace. */
  write(chunk: Uint8Array): Promise<void>;
  /** Told before each wait for a connection that broke. */
  retrying(why: string, attempt: number, attempts: number): void;
  /** Told when it answers again. */
  returned?(): void;
  /** Told how far it got whenever bytes were printed. */
  reached?(at: number): void;
}

/** What was printed, and how the unit ended. */
export interface Followed {
  readonly report: UnitReport;
  /** Offset behind the last byte printed. */
  readonly end: number;
  /** SHA-256 of what was printed, hex; only when that was everything from byte 0. */
  readonly sha256: string | undefined;
}

/** Attempts in a row that bring no new byte before following gives up: about 40 s. */
const attempts = 12;

const delayMs = (attempt: number): number => Math.min(250 * 2 ** (attempt - 1), 5_000);

/**
 * Print a unit's output until it is final and all of it was printed.
 *
 * The end of a stream proves nothing, because a daemon that is killed ends it too: only the status does. When the two
 * disagree, or the connection breaks, it asks again from the byte reached.
 *
 * @throws {CliError} `FOLLOW_BROKEN` when the daemon stays away; `UNIT_NOT_FOUND` when the unit is gone.
 */
export async function followUnit(link: FollowLink, options: FollowOptions): Promise<Followed> {
  const { from, clock, signal, retrying } = options;
  const hash = from === 0 ? createHash("sha256") : undefined;
  let at = from;
  let wasReached = options.wasReached ?? false;
  for (let failures = 0; ; ) {
    let why = "the stream ended before the output did";
    try {
      for await (const chunk of link.output(at, signal)) {
        if (failures > 0) options.returned?.();
        failures = 0;
        await options.write(chunk);
        hash?.update(chunk);
        at += chunk.length;
        options.reached?.(at);
      }
      const report = await link.status(signal);
      wasReached = true;
      if (isFinal(report.State) && at >= report.StdoutSize) return { report, end: at, sha256: hash?.digest("hex") };
    } catch (error) {
      signal.throwIfAborted();
      wasReached ||= at > from;
      if (!isConnectionError(error) || (!wasReached && isFaultOfAddress(error))) throw error;
      why = errorText(error);
    }
    failures += 1;
    if (failures > attempts) throw givingUp(why, at);
    retrying(why, failures, attempts);
    await clock.sleep(delayMs(failures), signal);
  }
}

/** Where nobody has ever answered, waiting is unlikely to help, and the reason should be seen at once. */
function isFaultOfAddress(error: FarhandError): boolean {
  return !["CONNECTION_LOST", "CONNECT_TIMEOUT"].includes(error.code);
}

const connectionCodes = new Set(
  "CONNECTION_LOST SOCKET_MISSING CONNECTION_REFUSED CONNECTION_FAILED CONNECT_TIMEOUT NOT_RECEPTOR TLS_REFUSED TLS_FAILED".split(
    " ",
  ),
);

/** Through a server: it cannot be reached, or it cannot reach the worker. */
const serverCodes = new Set([
  "SERVER_UNREACHABLE",
  "WORKER_AWAY",
  "WORKER_UNREACHABLE",
  "EPOCH_UNKNOWN",
  "STORE_UNREACHABLE",
  "STORE_FULL",
]);

function isConnectionError(error: unknown): error is FarhandError {
  if (error instanceof ControlError) return connectionCodes.has(error.code);
  return error instanceof FarhandError && (serverCodes.has(error.code) || [502, 503, 504].includes(error.status));
}

function givingUp(why: string, at: number): CliError {
  return new CliError("FOLLOW_BROKEN", `the worker did not come back after ${attempts} attempts: ${why}`, {
    remedy: `when it is back, go on with --from ${at}`,
  });
}

/** Why the output printed is not what the final status promises, or undefined when it is. */
export function outputFault({ report, end, sha256 }: Followed, from: number): string | undefined {
  if (end !== Math.max(from, report.StdoutSize)) {
    return `${end} bytes were printed, but the final status counts ${report.StdoutSize}`;
  }
  if (sha256 !== undefined && report.StdoutSha256 !== undefined && sha256 !== report.StdoutSha256) {
    return `the SHA-256 of what was printed is ${sha256}, but the final status says ${report.StdoutSha256}`;
  }
  return undefined;
}
