import { type Clock, errorText } from "#core";
import { CliError } from "../errors.ts";
import { type Followed, followUnit } from "../follow.ts";
import { reportFollowed } from "../following.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { apiPath } from "./api-path.ts";
import type { Presses } from "./presses.ts";
import { unitLink } from "./unit-link.ts";

/** A unit of a worker behind a server, to be printed to its end. */
export interface RunFollowing {
  readonly api: ApiClient;
  readonly worker: string;
  readonly unit: string;
  /** Byte to begin at. */
  readonly from: number;
  /** The report is one JSON document on stderr, because stdout has the output. */
  readonly json: true | undefined;
  readonly clock: Clock;
  readonly presses: Presses;
  /** Ctrl-C only stops following. */
  readonly onlyLook?: boolean;
  /** It is cancelled when the reader of stdout goes away, as a tool's unit is that looks on and on for nobody. */
  readonly endsUnread?: boolean;
}

/** Time for a second Ctrl-C, which leaves the unit running. */
const secondPressMs = 1_000;

/**
 * Print a unit's output, through cuts of the connection from the byte reached, and end with its exit code.
 *
 * Ctrl-C cancels the unit and waits for its end; twice within a second it stops following and leaves it running.
 *
 * @throws {CliError} `INTERRUPTED`, `TERMINATED`, `FOLLOW_BROKEN`, `OUTPUT_MISMATCH`
 */
export async function followRun(request: RunFollowing, terminal: Terminal): Promise<number> {
  const { api, worker, unit, from, json, clock, presses } = request;
  const again = `farhand units output ${worker} ${unit}`;
  const leave = new AbortController();
  const ended = new AbortController();
  let at = from;
  if (request.endsUnread) {
    terminal.whenUnread?.(async () => void (await api.ask("POST", apiPath`/workers/${worker}/units/${unit}/cancel`)));
  }
  minding(request, { leave, again: () => goOn(again, at), terminal, ended: ended.signal });
  let followed: Followed;
  try {
    followed = await followUnit(unitLink(api, worker, unit), {
      from,
      wasReached: true,
      clock,
      signal: leave.signal,
      write: (chunk) => terminal.write(chunk),
      reached: (end) => (at = end),
      retrying: (why, attempt, attempts) => {
        if (json) return;
        if (attempt === 1) terminal.say(`${why}; trying again, to go on at byte ${at}`);
        else terminal.say(`still cut off (attempt ${attempt} of ${attempts})`);
      },
      returned: () => {
        if (!json) terminal.say(`connected again; going on at byte ${at}`);
      },
    });
  } finally {
    ended.abort();
    presses.hear((reason) => process.exit(reason.exit));
  }
  return reportFollowed({ unitId: unit, from, json, again, more: { worker } }, followed, terminal);
}

function goOn(again: string, at: number): string {
  return `${again}${at > 0 ? ` --from ${at}` : ""}`;
}

interface Minding {
  readonly leave: AbortController;
  readonly again: () => string;
  readonly terminal: Terminal;
  readonly ended: AbortSignal;
}

/** What Ctrl-C does, step by step: a second one soon after the first takes it back, a later one stops waiting. */
function minding(request: RunFollowing, { leave, again, terminal, ended }: Minding): void {
  const { clock, presses, unit, worker, json, onlyLook } = request;
  let step: "following" | "asked" | "cancelling" = "following";
  const leaveIt = ({ code, message }: CliError, what: string): void =>
    leave.abort(new CliError(code, `${message}: unit ${unit} ${what}`, { remedy: `\`${again()}\` to come back` }));
  const cancel = async (): Promise<void> => {
    step = "cancelling";
    await request.api.ask("POST", apiPath`/workers/${worker}/units/${unit}/cancel`, { signal: ended });
  };
  const failed = (error: unknown): void => {
    if (ended.aborted) return;
    terminal.say(`unit ${unit} could not be cancelled: ${errorText(error)}`);
    step = "following";
  };
  presses.hear((reason) => {
    if (onlyLook) return leaveIt(reason, "goes on");
    if (step === "asked") return leaveIt(reason, "goes on");
    if (step === "cancelling") return leaveIt(reason, "is being cancelled");
    step = "asked";
    if (!json) terminal.say(`cancelling unit ${unit}; Ctrl-C again now leaves it running`);
    const waited = reason.code === "TERMINATED" ? Promise.resolve() : clock.sleep(secondPressMs, ended);
    void waited.then(() => (leave.signal.aborted ? undefined : cancel())).catch(failed);
  });
}
