import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { UnitReport } from "#work/wire";
import type { PlannedUnit } from "./plan.ts";
import { digestOf, expectedOutput } from "./output.ts";

/** What the command itself wrote down. */
export interface LedgerEntry {
  readonly starts: number;
  /** SHA-256 of what came on stdin, hex. */
  readonly input?: string;
  readonly ended?: string;
}

/** The ledger of one unit; no starts when its command never ran. */
export function readLedger(dir: string, id: string): LedgerEntry {
  try {
    const lines = readFileSync(join(dir, id), "utf8").split("\n");
    const ended = lines.find((line) => /^(end|signal) /.test(line));
    const input = lines.find((line) => line.startsWith("input "))?.slice("input ".length);
    const starts = lines.filter((line) => line.startsWith("start ")).length;
    return { starts, ...(input && { input }), ...(ended && { ended }) };
  } catch {
    return { starts: 0 };
  }
}

const signalNumbers: Readonly<Record<string, number>> = { SIGTERM: 15, SIGKILL: 9, SIGUSR1: 10, SIGABRT: 6 };

/** Everything about a unit's final status that the ledger or the planned output contradicts. Empty: it told the truth. */
export function lies(dir: string, id: string, plan: PlannedUnit, report: UnitReport, output: Buffer): string[] {
  const ledger = readLedger(dir, id);
  const found: string[] = [];
  const claim = (truth: boolean, text: string) => {
    if (!truth) found.push(`${id} (${plan.kind} ${plan.seed} ${plan.code}): ${text}; ledger ${JSON.stringify(ledger)}`);
  };
  claim(ledger.starts <= 1, "it was started more than once");
  switch (report.Cause) {
    case "EXITED":
      claim(report.ExitCode === plan.code && ledger.ended === `end ${plan.code}`, `exit code ${report.ExitCode}`);
      claim(report.State === (plan.code === 0 ? 2 : 3), `state ${report.StateName}`);
      break;
    case "SIGNALED":
      claim(signalNumbers[report.Signal ?? ""] === plan.code && plan.kind === "killed", `signal ${report.Signal}`);
      claim(ledger.ended === `signal ${plan.code}`, "the command did not kill itself");
      break;
    case "CANCELED":
      claim(plan.treatment === "cancel", "nobody cancelled it");
      break;
    case "NOT_STARTED":
    case "INPUT_FAILED":
    case "STORAGE_FAILED":
      claim(ledger.starts === 0, `${report.Cause}, but its command ran`);
      break;
    default:
      claim(false, `cause ${report.Cause}: ${report.Detail}`);
  }
  claim(holdsOutput(plan, report, output), `output of ${output.length} bytes (status: ${report.StdoutSize})`);
  return found;
}

/** The ending says that the command never ran: whoever wants it may ask for it again. */
export function neverBegun({ Cause }: Pick<UnitReport, "Cause">): boolean {
  return Cause === "NOT_STARTED" || Cause === "INPUT_FAILED" || Cause === "STORAGE_FAILED";
}

/** Left alone, all the output; cancelled, its beginning; never started, none. And the hash is that of the file. */
function holdsOutput(plan: PlannedUnit, report: UnitReport, output: Buffer): boolean {
  if (output.length !== report.StdoutSize) return false;
  if (report.StdoutSha256 && digestOf([output]).sha256 !== report.StdoutSha256) return false;
  if (neverBegun(report)) return output.length === 0;
  if (report.Cause === "CANCELED") {
    const whole = Buffer.concat([...expectedOutput(plan.kind, plan.seed, Math.ceil(output.length / 64))]);
    return whole.subarray(0, output.length).equals(output);
  }
  const expected = digestOf(expectedOutput(plan.kind, plan.seed));
  return expected.bytes === output.length && expected.sha256 === report.StdoutSha256;
}

/** Processes on this machine that carry the mark of one of these units, reapers included. */
export function processesOf(ids: ReadonlySet<string>): { pid: number; unit: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const unit = /FARHAND_UNIT_ID=(\w+)/.exec(read(`/proc/${name}/environ`))?.[1];
      const reaped = /^farhand-reaper (\w+)/.exec(read(`/proc/${name}/cmdline`))?.[1];
      const id = unit ?? reaped;
      return id && ids.has(id) && !isZombie(name) ? [{ pid: Number(name), unit: id }] : [];
    });
}

function isZombie(pid: string): boolean {
  return /\) [ZX] /.test(read(`/proc/${pid}/stat`));
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
