import { systemClock } from "#core";
import { cancelUnit, unitOutput, unitStatus } from "#work";
import type { Connector } from "./connection.ts";
import { endingOf, endingText } from "./ending.ts";
import { CliError } from "./errors.ts";
import { type Followed, type FollowLink, followUnit, outputFault } from "./follow.ts";
import type { Terminal } from "./terminal.ts";

/** Whose output to print, and what to do around it. */
export interface Following {
  readonly unitId: string;
  /** Byte to begin at. */
  readonly from: number;
  readonly connect: Connector;
  readonly cancelOnInterrupt: boolean;
  /** The report about the unit is one JSON document on stderr, because stdout has the output. */
  readonly json: true | undefined;
  readonly wasReached: boolean;
  /** Goes into the JSON report. */
  readonly more?: object;
}

/** Print a unit's output to its end, check it, report how the unit ended, and give the exit code. */
export async function following(request: Following, signal: AbortSignal, terminal: Terminal): Promise<number> {
  const { unitId, from, connect, json } = request;
  let at = from;
  let followed: Followed;
  try {
    followed = await followUnit(linkTo(connect, unitId), {
      from,
      wasReached: request.wasReached,
      clock: systemClock,
      signal,
      write: (chunk) => terminal.write(chunk),
      reached: (end) => (at = end),
      retrying: (why, attempt, attempts) => {
        if (json) return;
        if (attempt === 1) terminal.say(`${why}; trying again, to go on at byte ${at}`);
        else terminal.say(`still no worker (attempt ${attempt} of ${attempts})`);
      },
      returned: () => {
        if (!json) terminal.say(`the worker is back; going on at byte ${at}`);
      },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw await interruption(request, at, signal.reason as CliError);
  }
  return reportFollowed({ ...request, again: `farhand work results ${unitId}` }, followed, terminal);
}

function linkTo(connect: Connector, unitId: string): FollowLink {
  return {
    async *output(from, signal) {
      const control = await connect(signal);
      try {
        yield* unitOutput(control, unitId, from);
      } finally {
        control.close();
      }
    },
    async status(signal) {
      const control = await connect(signal);
      try {
        return await unitStatus(control, unitId);
      } finally {
        control.close();
      }
    },
  };
}

async function interruption(request: Following, at: number, reason: CliError): Promise<CliError> {
  const { unitId } = request;
  if (!request.cancelOnInterrupt) {
    const back = `farhand work results ${unitId}${at > 0 ? ` --from ${at}` : ""}`;
    return new CliError(reason.code, `${reason.message}: unit ${unitId} goes on`, {
      remedy: `\`${back}\` to come back, \`farhand work cancel ${unitId}\` to end it`,
    });
  }
  const control = await request.connect();
  try {
    const { isPending } = await cancelUnit(control, unitId);
    return new CliError(reason.code, `${reason.message}: unit ${unitId} ${isPending ? "will be" : "was"} cancelled`);
  } finally {
    control.close();
  }
}

/** What is said of a unit whose output was printed to its end. */
export interface Reporting extends Pick<Following, "unitId" | "from" | "json" | "more"> {
  /** The command that prints it once more. */
  readonly again: string;
}

/** Check what was printed, report how the unit ended, and give the exit code. @throws {CliError} `OUTPUT_MISMATCH` */
export function reportFollowed(
  { unitId, from, json, more, again }: Reporting,
  followed: Followed,
  terminal: Terminal,
): number {
  const fault = outputFault(followed, from);
  const { exit, code } = endingOf(followed.report);
  if (json) {
    const { report: status, end, sha256 } = followed;
    const verified = fault === undefined && sha256 !== undefined && sha256 === status.StdoutSha256;
    const error = fault === undefined ? code && { code, message: status.Detail } : mismatch(fault, again);
    const document = { unitid: unitId, ...more, status, from, end, verified, exit: mismatchExit(fault, exit), error };
    terminal.say(JSON.stringify({ ...document, ...(error && { error: told(error) }) }));
    return mismatchExit(fault, exit);
  }
  terminal.say(`unit ${unitId} ${endingText(followed.report)}`);
  if (fault !== undefined) throw mismatch(fault, again);
  return exit;
}

function told({ code, message, remedy }: { code: string; message: string; remedy?: string | undefined }) {
  return { code, message, ...(remedy !== undefined && { remedy }) };
}

function mismatchExit(fault: string | undefined, exit: number): number {
  return fault === undefined ? exit : mismatch(fault, "").exit;
}

function mismatch(fault: string, again: string): CliError {
  return new CliError("OUTPUT_MISMATCH", `the output is not what the unit wrote: ${fault}`, {
    remedy: `\`${again}\` fetches it again`,
  });
}
