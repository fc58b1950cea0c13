import { type ErrorTable, FarhandError } from "#core";

/** Every error of the worker daemon. */
export const workerErrors = {
  SETTINGS_INVALID: {
    status: 400,
    exit: 2,
    meaning: "The settings have faults. Each line names file, line and column, and says how to put it right.",
  },
  SETTINGS_UNREADABLE: {
    status: 400,
    exit: 2,
    meaning: "A settings file cannot be read. Check its path and permissions, and that it is a small text file.",
  },
  FEATURE_NOT_READY: {
    status: 501,
    exit: 2,
    meaning:
      "The settings use a feature that comes with a later version of Farhand. Remove the named sections to start this worker without it.",
  },
  NOTHING_TO_DO: {
    status: 400,
    exit: 2,
    meaning:
      "The settings have neither a control service on a socket or port nor a mesh connection, so nobody could reach the worker. Add one.",
  },
  STATE_UNUSABLE: {
    status: 500,
    exit: 2,
    meaning:
      "The folder with the worker's key and membership cannot be used: the message names the file. Mend its permissions, or enrol anew.",
  },
  ENROLMENT_FAILED: {
    status: 502,
    exit: 5,
    meaning:
      "The server could not be asked to enrol this worker: its address, its certificate or the way to it is not right.",
  },
  ALREADY_JOINED: {
    status: 409,
    exit: 6,
    meaning: "This worker is a server's already. `farhand worker reset` forgets that, then it can join another.",
  },
  WORK_SWITCHED_OFF: {
    status: 503,
    exit: 5,
    meaning:
      "The worker takes no work now, for somebody has switched that off. Switch `workers` on again, or ask another.",
  },
  WORKER_DRAINING: {
    status: 503,
    exit: 5,
    meaning: "The worker takes no work any more: it finishes what it has and then stops. Ask another.",
  },
  UNIT_TAKEN: {
    status: 409,
    exit: 6,
    meaning: "A unit of this id is there already: it was asked for before, and is not made twice. Look at its status.",
  },
  FILE_UNFIT: {
    status: 409,
    exit: 6,
    meaning:
      "A watched file changed or went away before its unit could start, or cannot be read. A changed one is a new file.",
  },
  FILE_STUCK: {
    status: 500,
    exit: 5,
    meaning:
      "A watched file whose unit has ended cannot be moved or deleted. The message says why; it is tried again and again.",
  },
  WATCHERS_CIRCLE: {
    status: 409,
    exit: 2,
    meaning:
      "Watched folders lead files back to one another, so that they would go round for ever. Move them to a folder that none watches.",
  },
  SHELL_REFUSED: {
    status: 403,
    exit: 4,
    meaning:
      "The worker opens no shell for the caller: its configuration has none (`shell.enabled`), or asks for a higher level.",
  },
  SHELL_BUSY: { status: 503, exit: 5, meaning: "Too many shells are open on the worker. End one, then try again." },
  SHELL_UNKNOWN: { status: 404, exit: 4, meaning: "There is no such shell of this session: it is over, or another's." },
  SERVICE_UNKNOWN: {
    status: 404,
    exit: 4,
    meaning:
      "The worker has no service of this name for the caller. Its configuration names them (`tcpServices`, `httpServices`), and the level each needs.",
  },
  SERVICE_UNREACHABLE: {
    status: 502,
    exit: 5,
    meaning: "The service that the worker's configuration names does not answer. Does it run there?",
  },
  PAGE_INVALID: {
    status: 502,
    exit: 8,
    meaning: "The service that the worker's configuration names answers with no HTTP that can be read or passed on.",
  },
  PORT_UNAVAILABLE: {
    status: 500,
    exit: 3,
    meaning: "A port is taken or may not be used. Stop the program that holds it, or choose another port.",
  },
  WORKER_FACTOR_NEEDED: {
    status: 403,
    exit: 4,
    meaning:
      "The worker is hardened: from elsewhere, configuring it needs a code of its own. Show one: `farhand workers unlock`.",
  },
  WORKER_FACTOR_REFUSED: {
    status: 403,
    exit: 4,
    meaning: "The code of the worker's own second factor is wrong, or has been used. Wait for the next one.",
  },
  WORKER_FACTOR_DELAYED: {
    status: 429,
    exit: 4,
    meaning: "Too many wrong codes of the worker's own second factor. Wait as long as the message says.",
  },
  LOCAL_ONLY: {
    status: 403,
    exit: 4,
    meaning: "Only who sits at the worker's machine may do that, on its Unix socket.",
  },
  HARDENING_UNFIT: {
    status: 409,
    exit: 6,
    meaning:
      "This worker cannot be hardened: its server holds its configuration, and would reconfigure it all the same.",
  },
  LOGIN_NEEDED: {
    status: 401,
    exit: 4,
    meaning: "Who asks is not known to the worker. Come by its Unix socket, through the server, or log in by password.",
  },
  LOGIN_REFUSED: {
    status: 401,
    exit: 4,
    meaning: "The worker takes no such login from there. The message names the rule, and who can change it.",
  },
  LOGIN_FAILED: { status: 401, exit: 4, meaning: "The service password is wrong." },
  LOGIN_DELAYED: {
    status: 429,
    exit: 4,
    meaning: "Too many logins to the worker have failed. Wait as long as the message says; the Unix socket stays open.",
  },
  LOGIN_BUSY: {
    status: 503,
    exit: 5,
    meaning: "Too many logins to the worker, or streams, at once. Try again in a moment.",
  },
  PASSWORD_UNFIT: {
    status: 400,
    exit: 2,
    meaning: "A service password has 12 characters or more and is none of those that are guessed first.",
  },
  API_UNSAFE: {
    status: 400,
    exit: 2,
    meaning: "The worker's API would listen where others can hear it, without TLS. Give it a certificate, or loopback.",
  },
  SOCKET_UNSAFE: {
    status: 500,
    exit: 3,
    meaning:
      "The worker's socket cannot be opened where only those may come that should. The message says what to change.",
  },
  SOCKET_IN_USE: {
    status: 409,
    exit: 3,
    meaning: "Another worker serves this socket. Stop it, or give this one another path.",
  },
  API_UNFIT: {
    status: 400,
    exit: 8,
    meaning:
      "The two sides speak versions of the worker's API that do not fit. `hello` and `worker.status` still work.",
  },
  REQUEST_UNFIT: {
    status: 400,
    exit: 2,
    meaning: "An HTTP request to the worker is not as it must be. The message says what is wrong with it.",
  },
  ORIGIN_REFUSED: {
    status: 403,
    exit: 4,
    meaning: "A request came from a page, or under a name, that is not the worker's own. Its settings can add names.",
  },
  NOT_SERVED: { status: 404, exit: 2, meaning: "The worker's HTTP port serves no such path." },
  CONFIG_UNSAFE: {
    status: 500,
    exit: 3,
    meaning:
      "Somebody else could write the configuration, and so command the worker. The message names the path and the cure.",
  },
  CONFIG_REFUSED: {
    status: 400,
    exit: 2,
    meaning: "The configuration has faults, so nothing was written. The message names each by its key.",
  },
  CONFIG_WARNED: {
    status: 409,
    exit: 2,
    meaning: "Live checks of the configuration found something, and the caller wanted none of it. Nothing was written.",
  },
  CONFIG_ELSEWHERE: {
    status: 409,
    exit: 2,
    meaning: "This worker takes its configuration from the server: edit it there. The message names it.",
  },
  CONFIG_NOT_CONFIRMED: {
    status: 409,
    exit: 6,
    meaning:
      "The edit cannot be confirmed: none waits, it is another's, or the call came over the connection that made it. Connect anew.",
  },
  CONFIG_SEALED: {
    status: 500,
    exit: 1,
    meaning: "Secrets of an old version do not open with this worker's key. Write the configuration with new ones.",
  },
  STATE_IN_USE: {
    status: 409,
    exit: 3,
    meaning: "Another service runs with this state folder. The message names its process.",
  },
  RESET_REFUSED: {
    status: 403,
    exit: 4,
    meaning: "A worker is reset on its own machine, by the user it belongs to or, as a system service, by root.",
  },
  HELPER_REFUSED: {
    status: 401,
    exit: 4,
    meaning: "A run loop has no credential that is good here, or not for this. The message says which would be.",
  },
  HELPER_TAKEN: {
    status: 409,
    exit: 6,
    meaning:
      "The token is in use by another helper: it is for one at a time. Make one for each, or wait until that is gone.",
  },
  HELPER_UNFIT: {
    status: 400,
    exit: 8,
    meaning:
      "The run loop and the worker speak no version of their protocol in common. Use a helper of the worker's version.",
  },
  HELPER_UNKNOWN: { status: 404, exit: 4, meaning: "There is no helper token of this id. List them." },
  MODE_INVALID: {
    status: 400,
    exit: 2,
    meaning: "The mode does not fit what was given with it. The message says what is missing.",
  },
} as const satisfies ErrorTable;

/** Codes of {@link workerErrors}. */
export type WorkerErrorCode = keyof typeof workerErrors;

/** Anything the worker daemon throws on purpose. */
export class WorkerError extends FarhandError {
  override readonly name: string = "WorkerError";

  constructor(code: WorkerErrorCode, message: string, options?: ErrorOptions) {
    super(code, workerErrors[code], message, options);
  }
}

/** One thing that is wrong with the settings. Lines and columns count from 1; without `file` it is the command line. */
export interface SettingsFault {
  /** The wording of Receptor where Receptor has one. */
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Section as written in a list-form file. */
  readonly section?: string;
  readonly key?: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** All faults of the settings at once; `message` has one line for each. */
export class SettingsError extends WorkerError {
  override readonly name = "SettingsError";
  readonly faults: readonly SettingsFault[];

  constructor(code: WorkerErrorCode, faults: readonly SettingsFault[], more = 0) {
    const lines = faults.map(describeFault);
    super(code, (more > 0 ? [...lines, `and ${more} more`] : lines).join("\n"));
    this.faults = faults;
  }
}

/** One line: `foo.yml:7:3: connection cost must be positive (hint)`. Without a file only message and hint. */
export function describeFault({ file, line, column, message, hint }: SettingsFault): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  return `${place === "" ? "" : `${place}: `}${message}${hint === undefined ? "" : ` (${hint})`}`;
}
