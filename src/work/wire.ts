/**
 * Shapes of units as they stand in `status` files and in replies of the control service. No I/O.
 *
 * Source: Receptor specification §2.2 (file) and §1.10 (reply). Fields after `ExtraData` are Farhand's own;
 * readers that do not know them skip them.
 */

/** States as numbers on the wire. 2, 3 and 4 are final. */
export const UnitState = { Pending: 0, Running: 1, Succeeded: 2, Failed: 3, Canceled: 4 } as const;
export type UnitState = (typeof UnitState)[keyof typeof UnitState];

const stateNames = ["Pending", "Running", "Succeeded", "Failed", "Canceled"];

/** `StateName` of a reply; a number no version knows becomes `Unknown: n`. */
export function stateName(state: number): string {
  return stateNames[state] ?? `Unknown: ${state}`;
}

/** True when nothing about the unit will change any more. */
export function isFinal(state: number): boolean {
  return state === UnitState.Succeeded || state === UnitState.Failed || state === UnitState.Canceled;
}

/** The work type that stands for work on another node (spec §2.3). */
export const remoteType = "remote";

/** Is this the name of a param that is never shown, and never sent in clear (spec §2.7.2)? */
export function isSecretName(param: string): boolean {
  return param.toLowerCase().startsWith("secret_");
}

/** Longest JSON of params that is kept with a unit for those who look at it later, characters. */
export const maxAskedChars = 4_096;

/**
 * Params as people may see them: without those that are secret, also inside of a param that is a JSON object (those of the
 * tools are), and all together no longer than {@link maxAskedChars}; the last one that does not fit is cut.
 */
export function askedParams(params: Readonly<Record<string, string>>): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(params)) {
    if (isSecretName(name)) continue;
    const room = maxAskedChars - JSON.stringify({ ...shown, [name]: "" }).length - 1;
    if (room <= 0) break;
    shown[name] = cutTo(withoutSecretFields(value), room);
  }
  return shown;
}

/** The beginning of a text of which the JSON has so many characters, quotes not counted. */
function cutTo(text: string, room: number): string {
  if (JSON.stringify(text).length - 2 <= room) return text;
  let end = Math.min(text.length, room);
  while (end > 0 && JSON.stringify(text.slice(0, end)).length - 2 > room) end = Math.floor(end * 0.9);
  return text.slice(0, end);
}

function withoutSecretFields(text: string): string {
  if (!text.startsWith("{") || !/secret_/i.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text, (key, value: unknown) => (isSecretName(key) ? undefined : value)));
  } catch {
    // It is no JSON and yet may hold what should not be shown.
    return "";
  }
}

/** Why a unit ended, for programs. The `Detail` text says the same to people. */
export const unitCauses = {
  EXITED: "the command exited by itself; see ExitCode",
  SIGNALED: "a signal that Farhand did not send ended the command; see Signal",
  CANCELED: "a user cancelled or released the unit",
  START_FAILED: "the command could not be started (not found, not allowed, params not valid)",
  INPUT_FAILED: "the payload did not arrive whole, so nothing was started",
  RUN_TIME_LIMIT: "the command ran longer than its work type allows and was ended",
  OUTPUT_LIMIT: "the command wrote more output than its work type allows and was ended",
  PROCESS_LIMIT: "the command had more processes than its work type allows, and all were ended",
  MEMORY_LIMIT: "the command used more memory than its work type allows and was ended",
  CPU_LIMIT: "the command used more processor time than its work type allows and was ended",
  NOT_STARTED: "the daemon ended before the command was started, so it never ran",
  HOST_RESTARTED: "the machine restarted while the command ran, so nobody saw its exit",
  EXIT_UNKNOWN: "the command is gone and the process that would have recorded its exit was killed",
  STATUS_CORRUPT: "the status file is damaged or missing and no exit was recorded",
  STORAGE_FAILED: "the disk refused to take the unit's files (full, read-only or broken)",
  RUNNER_REPORTED: "a plugin runner wrote the ending itself",
  HELPER_REPORTED: "the run loop that had the task reported that it failed",
  HELPER_LOST: "the run loop that had the task died or fell silent, and the task may not be tried again",
  INTERRUPTED:
    "the worker was drained and its deadline came before the task's end, and the task may not be tried again",
  REMOTE_REPORTED: "the remote node told this ending, and it runs a program that tells no cause",
  REMOTE_REFUSED: "the remote node was reached and refused the work, so it never ran",
  REMOTE_INVALID: "the remote node answers with what is no answer of the protocol",
  REMOTE_GONE: "the remote node no longer knows the unit; it was released there, or its data are lost",
  TLS_REFUSED: "the remote node's certificate, or ours, was not accepted, so the work was never sent",
  TTL_EXPIRED: "the remote node could not be reached within the ttl, so the work never ran",
  NO_RESULT: "a worker of another system was given the order and sent no result in time; whether it ran nobody knows",
  NOT_SENT: "the order could not be given to a worker of another system, so it never ran",
  OUTPUT_MISMATCH: "the output that came from the remote node is not what its final status counts and hashes",
} as const;
export type UnitCause = keyof typeof unitCauses;

/** A unit's `status` file. Sizes are bytes, times RFC 3339 in UTC. */
export interface UnitStatus {
  State: number;
  Detail: string;
  StdoutSize: number;
  WorkType: string;
  /** What belongs to the kind of unit: `{Pid, Params}` for commands, the remote side for remote units, or null. */
  ExtraData: unknown;
  /** Exit code 0–255 of the command; absent when a signal ended it or nobody saw the exit. */
  ExitCode?: number;
  /** Signal that ended the command, e.g. `SIGKILL`. */
  Signal?: string;
  CoreDumped?: boolean;
  Cause?: UnitCause;
  CreatedAt?: string;
  StartedAt?: string;
  FinishedAt?: string;
  /** SHA-256 of the first `StdoutSize` bytes of output, hex; only in a final status. */
  StdoutSha256?: string;
  /** Seconds the command ran by the machine's boot clock, which nobody can set. */
  RunSeconds?: number;
  /** Processes of the unit that Farhand had to kill when it was cancelled or hit a limit. */
  Reaped?: number;
  /** Processes the command had started that still ran when it ended by itself. */
  LeftRunning?: number;
  /** Somebody asked to end the unit for this cause, and it has not ended yet. */
  Stopping?: UnitCause;
  /** The payload is whole and the unit waits for a free place of its work type; a restart keeps it waiting. */
  Queued?: boolean;
  /** Why nothing comes in from the remote node now; the rest is what it said last. Only of remote units. */
  Stalled?: string;
  /** How another Farhand node gave this work; never shown. */
  Order?: OrderRecord;
  /** What is remembered about the unit this one mirrors; never shown. */
  Twin?: TwinRecord;
  /** How often it was handed to a run loop and not given back untouched. Only of work types that run loops serve. */
  Attempt?: number;
  /** The file it was made for; absent unless a watcher of this worker made it. */
  Watch?: WatchRecord;
  /** Who ordered it, when it came through a server. */
  RequestedBy?: RequestedBy;
  /** What was asked for: the params as they were given, see {@link askedParams}. Absent: none were. */
  Asked?: Readonly<Record<string, string>>;
  /** Which run loop has it; never shown. */
  Loop?: LoopRecord;
}

/** For which file a watcher made a unit. */
export interface WatchRecord {
  readonly Watcher: string;
  /** Whole path of the watched folder: a watcher may be turned to another one. */
  readonly Folder: string;
  /** Path below the watched folder. */
  readonly File: string;
  /** Which state of that file: a changed file is another. */
  readonly Version: string;
}

/** Who ordered a unit, as the worker had made sure of it (CAT-63). What a submit says itself never comes here. */
export interface RequestedBy {
  /** User or node, for people. */
  readonly User: string;
  /** What they might do here then. */
  readonly Level: string;
  /** Opaque reference of their session at the server. */
  readonly Session?: string;
  /** Where they came from, as the server saw it. */
  readonly Source?: string;
  /** Names the request, here in the log and in the server's audit: the assertion's `jti`. */
  readonly Request?: string;
}

/** Who may say something about a task of a run loop. On disk before anybody is told of it. */
export interface LoopRecord {
  /** Grows each time the task is handed out. Whoever says something with another one is refused. */
  readonly Fence: number;
  /** Id of the helper that has it; absent while it waits. */
  readonly Helper?: string;
  /** How it ended, said by that helper, while output and status are still being put in their places. */
  readonly Result?: LoopResult;
}

/** What a run loop says of the end of its task. */
export type LoopResult = { readonly ExitCode: number } | { readonly Signal: string } | { readonly Error: string };

/** What an executing node keeps of an order, so that the same order given again finds the same unit. */
export interface OrderRecord {
  /** SHA-256 of the submitter's token, hex: whoever reads the status cannot give the order again. */
  readonly TokenSha256: string;
  /** SHA-256 of the params as they were given, hex. */
  readonly ParamsSha256: string;
  /** Length and SHA-256 (hex) of the payload, which must be whole before anything starts. */
  readonly Bytes: number;
  readonly Sha256: string;
}

/** What a submitting node keeps of the unit on the other node, beside Receptor's `ExtraData`. */
export interface TwinRecord {
  /** Proves that an order is ours when it is given again. */
  readonly Token: string;
  /** Boot of the machine in which the unit was made: after another one, what was not flushed to disk may be missing. */
  readonly BootId?: string;
  /** Which protocol the other node spoke. */
  readonly Protocol?: "farhand" | "receptor";
  /** The payload is over there and the start was asked for, so it may run although no answer came. */
  readonly Sent?: boolean;
  /** When it ended by the clock of this node; `FinishedAt` is what the other one says. */
  readonly EndedAt?: string;
}

/** One element of `work list`, and the whole reply of `work status`. */
export interface UnitReport extends UnitStatus {
  StateName: string;
}
