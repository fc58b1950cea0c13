import { type ErrorTable, FarhandError } from "#core";

/** Errors of the fleet room: code, HTTP status, exit code. Documented in docs/errors.md. */
export const fleetErrors = {
  TOKEN_INVALID: {
    status: 400,
    exit: 2,
    meaning: "The enrolment token is not one: copy it whole, from `fh1.` to its end, or make a new one.",
  },
  ENTITLEMENT_INVALID: {
    status: 400,
    exit: 2,
    meaning:
      "This is no entitlement: copy it whole, from `fhe1.` to its end. When one is signed, the message names the field.",
  },
  ASSERTION_INVALID: {
    status: 401,
    exit: 4,
    meaning: "A request did not come from the server this worker registered with, or not as it was sent.",
  },
  ASSERTION_STALE: {
    status: 401,
    exit: 4,
    meaning: "A request of the server came too late, or a second time. Send it again; if it lasts, look at the clocks.",
  },
  MESSAGE_INVALID: {
    status: 400,
    exit: 8,
    meaning: "What came is no message of the conversation between server and worker. Do both run versions that fit?",
  },
  MESSAGE_TOO_LARGE: {
    status: 413,
    exit: 2,
    meaning: "A message to the other side would be longer than 1 MiB or nested deeper than 32. Ask for less at a time.",
  },
  CONVERSATION_BROKEN: {
    status: 502,
    exit: 8,
    meaning: "The other side broke the rules of the conversation, so the stream was cut. The message says which.",
  },
  CONVERSATION_CLOSED: {
    status: 503,
    exit: 5,
    meaning:
      "The conversation with the other side is over, because this side ended it. What was asked may have been done.",
  },
  BACKLOG_FULL: {
    status: 503,
    exit: 5,
    meaning: "Too much waits for the other side, which is cut off or slow. Nothing was sent: ask again later.",
  },
  PEER_RESTARTED: {
    status: 502,
    exit: 5,
    meaning: "The other side was started anew before it answered. What was asked may have been done.",
  },
  CALL_TIMEOUT: {
    status: 504,
    exit: 5,
    meaning: "The other side did not answer in time, and was told to stop. What was asked may have been done.",
  },
  CALL_CANCELLED: {
    status: 499,
    exit: 130,
    meaning: "Who had asked for it took it back.",
  },
  METHOD_UNKNOWN: {
    status: 404,
    exit: 2,
    meaning: "The other side has no such method. Its version or its mode may be another.",
  },
  PARAMS_INVALID: {
    status: 400,
    exit: 2,
    meaning: "The parameters of a call do not fit its method. The message names the first few that do not.",
  },
  LEVEL_TOO_LOW: {
    status: 403,
    exit: 4,
    meaning: "The method needs a higher level than the caller has there (none, monitor, operate, configure, admin).",
  },
  REPLY_INVALID: {
    status: 502,
    exit: 8,
    meaning: "The other side answered with something its method never answers with. What was asked may have been done.",
  },
  INTERNAL: {
    status: 500,
    exit: 1,
    meaning: "A method failed in a way nobody foresaw. The log of the side that ran it says how.",
  },
  CONFIG_NOT_FOUND: {
    status: 404,
    exit: 4,
    meaning: "There is no configuration of this name, or not this version of it.",
  },
  CONFIG_INVALID: {
    status: 400,
    exit: 2,
    meaning: "A configuration's name or document is not valid: the message names the place.",
  },
  CONFIG_IF_MATCH: {
    status: 428,
    exit: 2,
    meaning: "Writing a configuration needs the version it was made from (`ifMatch`; 0 for a new one).",
  },
  CONFIG_STALE: {
    status: 409,
    exit: 6,
    meaning: "Somebody else has written the configuration meanwhile: look at the differences and write again.",
  },
  CONFIG_SECRET: {
    status: 400,
    exit: 2,
    meaning: "A secret of a configuration is to be kept but there is none at that place, or it is not written as one.",
  },
} as const satisfies ErrorTable;

/** A {@link fleetErrors} code. */
export type FleetErrorCode = keyof typeof fleetErrors;

/** Anything the room `fleet` refuses or fails at. */
export class FleetError extends FarhandError {
  override readonly name = "FleetError";
  declare readonly code: FleetErrorCode;

  constructor(code: FleetErrorCode, message: string, options?: ErrorOptions) {
    super(code, fleetErrors[code], message, options);
  }
}
