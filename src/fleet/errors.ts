import { type ErrorTable, FarhandError } from "#core";

/** Errors of the fleet room: code, HTTP status, exit code. Documented in docs/errors.md. */
export const fleetErrors = {
  TOKEN_INVALID: {
    status: 400,
    exit: 2,
    meaning: "The enrolment token is not one: copy it whole, from `fh1.` to its end, or make a new one.",
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
