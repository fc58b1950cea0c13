import { type ErrorTable, FarhandError } from "#core";

/** Every error of the control room. `exit` is what the command line ends with, `status` what an API answers with. */
export const controlErrors = {
  COMMAND_UNKNOWN: {
    status: 404,
    exit: 2,
    meaning: "The node has no control command of this name. `farhand --help` lists what a worker understands.",
  },
  REQUEST_INVALID: {
    status: 400,
    exit: 2,
    meaning: "A request of the control protocol is not valid; the message names the field or parameter.",
  },
  LINE_TOO_LONG: {
    status: 413,
    exit: 2,
    meaning: "A line of the control protocol is longer than the limit. Send large data as payload, not as parameters.",
  },
  REQUEST_STALLED: {
    status: 408,
    exit: 5,
    meaning: "A request line was begun and not finished in time, so the connection was closed. Send it again.",
  },
  SESSION_IDLE: {
    status: 408,
    exit: 5,
    meaning: "A control session over the mesh went without a request for too long and was closed. Connect again.",
  },
  SESSIONS_EXHAUSTED: {
    status: 503,
    exit: 5,
    meaning: "The node has as many control connections as it allows. Close some, or try again later.",
  },
  CLIENT_GONE: {
    status: 499,
    exit: 5,
    meaning: "The client closed its control connection before the command was finished.",
  },
  LISTENER_CLOSED: {
    status: 503,
    exit: 5,
    meaning: "The control service is closing because its daemon stops. Try again when the daemon runs.",
  },
  COMMAND_TWICE: {
    status: 500,
    exit: 1,
    meaning: "Two parts of the program registered the same control command. This is a fault of the program: report it.",
  },
  NO_LISTENERS: {
    status: 500,
    exit: 3,
    meaning: "A control service has neither `filename` nor `tcplisten`, so nobody could reach it. Set one of them.",
  },
  LISTEN_ADDRESS_INVALID: {
    status: 500,
    exit: 3,
    meaning: "`tcplisten` is neither a port (0 to 65535) nor `host:port`. IPv6 hosts stand in brackets: `[::1]:7323`.",
  },
  SOCKET_LOCKED: {
    status: 500,
    exit: 3,
    meaning:
      "Another daemon serves this control socket and holds its lock file. Stop that daemon or choose another `filename`.",
  },
  SOCKET_PATH_TAKEN: {
    status: 500,
    exit: 3,
    meaning:
      "A file that is no socket stands where the control socket should be. Move it or choose another `filename`.",
  },
  LISTEN_FAILED: {
    status: 500,
    exit: 3,
    meaning:
      "The control service cannot listen where it should: address in use, folder missing, path too long or not permitted.",
  },
  ADDRESS_INVALID: {
    status: 400,
    exit: 2,
    meaning: "A control address is none of PATH, `unix:PATH`, `tcp://HOST:PORT`, `tls://HOST:PORT`.",
  },
  SOCKET_MISSING: {
    status: 502,
    exit: 5,
    meaning: "There is no control socket at this path. Start the daemon, or name the socket it was told to open.",
  },
  CONNECTION_REFUSED: {
    status: 502,
    exit: 5,
    meaning: "Nobody listens at this control address. Start the daemon, or check the address.",
  },
  CONNECTION_DENIED: {
    status: 403,
    exit: 5,
    meaning:
      "This user may not open the control socket. Use the daemon's user, or widen `permissions` of its control service.",
  },
  CONNECTION_FAILED: {
    status: 502,
    exit: 5,
    meaning: "The control address cannot be reached: unknown host, no route, or the network is down.",
  },
  CONNECT_TIMEOUT: {
    status: 504,
    exit: 5,
    meaning:
      "No banner came from the control address in time. Is it a control service, and is TLS used on both sides or neither?",
  },
  NOT_RECEPTOR: {
    status: 502,
    exit: 5,
    meaning: "Something other than a control service answers at this address. Check the address and the port.",
  },
  TLS_UNTRUSTED: {
    status: 502,
    exit: 5,
    meaning: "The certificate of the control service is not signed by a known CA, or has expired. Check `rootcas`.",
  },
  TLS_NAME_MISMATCH: {
    status: 502,
    exit: 5,
    meaning: "The certificate of the control service is for other host names. Connect by a name that stands in it.",
  },
  TLS_REFUSED: {
    status: 502,
    exit: 5,
    meaning: "The control service turned the TLS client away. Does it require a client certificate (`cert`, `key`)?",
  },
  TLS_FAILED: {
    status: 502,
    exit: 5,
    meaning: "The TLS handshake with the control service failed. Does it speak TLS at this port?",
  },
  CONNECTION_LOST: {
    status: 502,
    exit: 5,
    meaning: "The control connection ended before the reply was whole. Look into the daemon's log.",
  },
  REPLY_INVALID: {
    status: 502,
    exit: 5,
    meaning: "The reply of the control service is not a JSON object. The two versions may not fit each other.",
  },
  REMOTE_ERROR: {
    status: 502,
    exit: 1,
    meaning: "The node answered a control command with an error; the message is the node's own.",
  },
} as const satisfies ErrorTable;

/** An error of the control protocol. On the wire only its message is seen: `ERROR: <message>`. */
export class ControlError extends FarhandError {
  override readonly name = "ControlError";

  constructor(code: keyof typeof controlErrors, message: string, options?: ErrorOptions) {
    super(code, controlErrors[code], message, options);
  }
}
