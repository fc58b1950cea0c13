import { type ErrorTable, FarhandError } from "#core";

/** Every error of the room `work`. Messages that clients match on stand in the specification (§1.8–§1.12, §2). */
export const workErrors = {
  UNIT_NOT_FOUND: {
    status: 404,
    exit: 4,
    meaning: "No unit has this id on this node. List them with `farhand work list`.",
  },
  WORK_TYPE_UNKNOWN: {
    status: 400,
    exit: 2,
    meaning: "The node offers no such work type. Its configuration names those it does.",
  },
  WORK_TYPE_TAKEN: { status: 409, exit: 2, meaning: "Two work types have one name, or one is called `remote`." },
  PARAMS_REFUSED: {
    status: 400,
    exit: 2,
    meaning: "The work type takes no params at run time, or they cannot be split into words (a quote is not closed).",
  },
  REQUEST_INVALID: { status: 400, exit: 2, meaning: "A field of a work request is missing or of the wrong kind." },
  SIGNATURE_UNEXPECTED: {
    status: 400,
    exit: 2,
    meaning: "A signature came with work whose type does not ask for one.",
  },
  NODE_UNREACHABLE: {
    status: 502,
    exit: 5,
    meaning: "The work is for another node, and this worker has no way to reach one.",
  },
  PAYLOAD_FAILED: {
    status: 400,
    exit: 6,
    meaning: "The payload broke off before its end, so nothing was started. Submit again.",
  },
  STORAGE_FAILED: {
    status: 507,
    exit: 7,
    meaning: "The data folder refused a file (full, read-only or broken). Free space, then submit again.",
  },
  START_FAILED: { status: 500, exit: 8, meaning: "The unit could not be started. Its status says why; nothing ran." },
  UNIT_STUCK: {
    status: 500,
    exit: 9,
    meaning: "Processes of a unit would not end even when killed, so it was not released.",
  },
  DATA_DIR_IN_USE: {
    status: 409,
    exit: 10,
    meaning: "Another daemon works in this data folder. Stop it, or give this one another `datadir` or node id.",
  },
} as const satisfies ErrorTable;

/** A {@link workErrors} code. */
export type WorkErrorCode = keyof typeof workErrors;

/** Anything the room `work` refuses or fails at. */
export class WorkError extends FarhandError {
  override readonly name = "WorkError";
  declare readonly code: WorkErrorCode;

  constructor(code: WorkErrorCode, message: string, options?: ErrorOptions) {
    super(code, workErrors[code], message, options);
  }
}
