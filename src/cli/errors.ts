import { type ErrorTable, FarhandError } from "#core";

/** Every error of the command line. With `-f` a unit's own exit code comes first; these are for what has none. */
export const cliErrors = {
  USAGE: { status: 400, exit: 2, meaning: "The command line is not understood. `--help` shows how it is written." },
  PAYLOAD_MISSING: {
    status: 400,
    exit: 2,
    meaning:
      "Nothing says what the payload is, and the terminal is not read unasked. Give `-n`, `-l TEXT` or `-p FILE`.",
  },
  FILE_UNREADABLE: { status: 400, exit: 2, meaning: "A file named on the command line cannot be read." },
  CONFIG_INVALID: { status: 400, exit: 1, meaning: "A configuration file has faults; `config check` lists them." },
  ALREADY_RUNNING: {
    status: 409,
    exit: 3,
    meaning: "A worker already runs with this state folder or control socket. Use it, or stop it first.",
  },
  HELPER_SENT_AWAY: {
    status: 401,
    exit: 4,
    meaning: "A worker elsewhere lets this helper in no (more): its token has expired, was revoked, or is for others.",
  },
  WORKER_GONE: {
    status: 503,
    exit: 5,
    meaning:
      "The worker of a helper has been gone for too long. What the helper had was stopped, and is another's now.",
  },
  WORKER_ENDED: {
    status: 500,
    exit: 1,
    meaning: "The worker beside the server ended by itself. Its log, which the message names, says why.",
  },
  STATE_UNUSABLE: {
    status: 500,
    exit: 3,
    meaning:
      "The folder for the state of a worker or a server cannot be made or is not private. Name one that can: XDG_STATE_HOME, or `--data-dir` of a server.",
  },
  RELOAD_RESTART: {
    status: 409,
    exit: 3,
    meaning: "The configuration changed in a way that only a restart of the worker can take up.",
  },
  RELOAD_INVALID: {
    status: 400,
    exit: 4,
    meaning: "The configuration cannot be reloaded; the old one stays in force.",
  },
  RELOAD_FAILED: { status: 500, exit: 5, meaning: "The worker could not reload its configuration; its log says why." },
  PING_FAILED: {
    status: 502,
    exit: 5,
    meaning: "A node did not answer a ping, or traceroute did not get through to it.",
  },
  FOLLOW_BROKEN: {
    status: 502,
    exit: 5,
    meaning: "The connection broke while output was followed and did not come back in time. The unit itself goes on.",
  },
  OUTPUT_MISMATCH: {
    status: 502,
    exit: 11,
    meaning: "The output that was printed is not what the final status says: length or SHA-256 differ. Fetch it again.",
  },
  OUTPUT_FAILED: { status: 500, exit: 13, meaning: "Standard output could not be written (disk full, for example)." },
  UNIT_FAILED: {
    status: 500,
    exit: 125,
    meaning: "With `-f`: the unit failed without an exit code of its own (never started, or nobody saw its exit).",
  },
  UNIT_LIMITED: {
    status: 500,
    exit: 124,
    meaning: "With `-f`: the unit was ended because it hit a limit of its work type (run time, output).",
  },
  UNIT_CANCELED: { status: 409, exit: 130, meaning: "With `-f`: the unit was cancelled, here or by somebody else." },
  NOT_LOGGED_IN: {
    status: 401,
    exit: 4,
    meaning: "The command asks a server, and nobody has logged in to one: `farhand login URL`.",
  },
  SERVER_UNKNOWN: {
    status: 404,
    exit: 2,
    meaning: "`--server` or FARHAND_SERVER names a server nobody has logged in to, or FARHAND_TOKEN is for none.",
  },
  SERVER_UNREACHABLE: {
    status: 502,
    exit: 5,
    meaning: "The server cannot be reached, or the connection to it broke. What was asked may have been done.",
  },
  SERVER_UNTRUSTED: {
    status: 502,
    exit: 7,
    meaning: "The server does not prove that it is the one it should be. Nothing was sent to it.",
  },
  ANSWER_INVALID: {
    status: 502,
    exit: 8,
    meaning: "What answers is no server of Farhand, or one of a version that does not fit.",
  },
  HAND_LIST_INVALID: {
    status: 400,
    exit: 2,
    meaning:
      "The list of workers kept by hand, or a password file that it names, cannot be used. The message says where.",
  },
  CREDENTIALS_EXPOSED: {
    status: 403,
    exit: 3,
    meaning: "A file with your logins, passwords or workers can be read or written by others, so it is not used.",
  },
  CREDENTIALS_UNUSABLE: {
    status: 500,
    exit: 3,
    meaning: "The file with your logins cannot be read or written; the message says why.",
  },
  PORT_UNUSABLE: {
    status: 400,
    exit: 2,
    meaning: "`--listen` is no address, or nothing can be listened on there: it is taken, or not allowed.",
  },
  NO_KEYBOARD: {
    status: 400,
    exit: 2,
    meaning: "Something must be asked, and stdin is no terminal. The message names the option that answers it.",
  },
  DOCUMENT_INVALID: {
    status: 400,
    exit: 2,
    meaning: "A configuration that was written or edited is no JSON object; the message names the place.",
  },
  EDITOR_FAILED: {
    status: 500,
    exit: 1,
    meaning: "The editor ended with an error, so nothing was written. `$VISUAL` or `$EDITOR` says which one is used.",
  },
  AUDIT_BROKEN: {
    status: 409,
    exit: 1,
    meaning: "The audit of the server was altered or rows are missing; the message names the first one.",
  },
  WORKER_SILENT: {
    status: 503,
    exit: 5,
    meaning: "The worker of this machine cannot be asked: it does not run, or does not answer.",
  },
  WORKER_DENIED: {
    status: 403,
    exit: 4,
    meaning: "This user may not open the socket of the worker of this machine; whether it runs, nobody can say then.",
  },
  LOCAL_REFUSED: {
    status: 403,
    exit: 4,
    meaning: "A request to the local pages came under a foreign name or from a foreign page. Open the printed address.",
  },
  LOCAL_CODE: {
    status: 401,
    exit: 4,
    meaning: "The local pages let this browser in no (more). `farhand worker ui`, run again, prints a new code.",
  },
  LOCAL_INVALID: {
    status: 400,
    exit: 2,
    meaning: "The local pages were asked for something they do not have, or were not built. The message names it.",
  },
  INTERRUPTED: { status: 499, exit: 130, meaning: "Ctrl-C (SIGINT) ended the program." },
  TERMINATED: { status: 499, exit: 143, meaning: "SIGTERM ended the program." },
} as const satisfies ErrorTable;

/** Codes of {@link cliErrors}. */
export type CliErrorCode = keyof typeof cliErrors;

/** Anything the command line refuses or fails at by itself. `remedy` is the line that says what to try. */
export class CliError extends FarhandError {
  override readonly name = "CliError";
  declare readonly code: CliErrorCode;
  readonly remedy: string | undefined;

  constructor(code: CliErrorCode, message: string, options: ErrorOptions & { readonly remedy?: string } = {}) {
    super(code, cliErrors[code], message, options);
    this.remedy = options.remedy;
  }
}
