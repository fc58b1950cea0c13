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
  PORT_UNAVAILABLE: {
    status: 500,
    exit: 3,
    meaning: "A port is taken or may not be used. Stop the program that holds it, or choose another port.",
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
