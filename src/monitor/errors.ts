import { type ErrorTable, FarhandError } from "#core";

/** Every error of the monitor. `exit` is what the command line ends with. */
export const monitorErrors = {
  MONITOR_SETTINGS_INVALID: {
    status: 400,
    exit: 2,
    meaning: "The monitor's configuration has a bad value; the message names the file and the key.",
  },
  MONITOR_LISTEN_FAILED: {
    status: 500,
    exit: 3,
    meaning: "The monitor cannot listen at `websocket_uri` or `zeromq_uri`: the port is in use, or not permitted.",
  },
  MONITOR_HOST_UNUSABLE: {
    status: 500,
    exit: 3,
    meaning: "The host of `websocket_uri` or `zeromq_uri` is unknown, or no address of this machine.",
  },
  MONITOR_LOG_FAILED: {
    status: 500,
    exit: 3,
    meaning: "The file of `logger.file` cannot be opened for writing: folder missing, not permitted, or a link.",
  },
  MONITOR_STORAGE_FAILED: {
    status: 500,
    exit: 3,
    meaning: "The folder of `storage.folder`, where channels are kept, cannot be used.",
  },
  MONITOR_STORAGE_TAKEN: {
    status: 409,
    exit: 3,
    meaning: "Another monitor keeps its channels in the same `storage.folder`.",
  },
  MONITOR_SECRET_UNUSABLE: {
    status: 500,
    exit: 3,
    meaning: "The file of `access.secret-file` cannot be read, is short, or may be read by everybody.",
  },
  ZMTP_REFUSED: {
    status: 400,
    exit: 8,
    meaning: "A sender does not speak ZMTP 3 with the NULL mechanism, or breaks its rules or limits; it was cut off.",
  },
  RECORD_INVALID: {
    status: 500,
    exit: 3,
    meaning:
      "A stored record of a channel is torn or altered. What stands before it is kept, the rest of the file is not.",
  },
  SUBSCRIPTION_INVALID: {
    status: 400,
    exit: 2,
    meaning: "A viewer asked for a channel in a way that is not understood; its WebSocket is closed with 4400.",
  },
} as const satisfies ErrorTable;

/** An error of the monitor. */
export class MonitorError extends FarhandError {
  override readonly name = "MonitorError";

  constructor(code: keyof typeof monitorErrors, message: string, options?: ErrorOptions) {
    super(code, monitorErrors[code], message, options);
  }
}
