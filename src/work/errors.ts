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
  WORK_REFUSED: {
    status: 403,
    exit: 12,
    meaning:
      "The node's `workrules` do not allow this to whoever asks: the node, or the road, and the work type are named.",
  },
  WORK_RULE_INVALID: {
    status: 400,
    exit: 2,
    meaning: "A rule among `workrules` has a fault. The message says which rule, and which key of it.",
  },
  SIGNATURE_UNEXPECTED: {
    status: 400,
    exit: 2,
    meaning: "A signature came with work whose type does not ask for one.",
  },
  SIGNATURE_MISSING: {
    status: 401,
    exit: 12,
    meaning: "The work type takes signed work only, and the request bore no signature. Submit with `--signwork`.",
  },
  SIGNATURE_INVALID: {
    status: 403,
    exit: 12,
    meaning: "A signature is malformed, or was not made with the key that verifies it. Compare the keys of both nodes.",
  },
  SIGNATURE_EXPIRED: {
    status: 403,
    exit: 12,
    meaning: "A signature is too old. If it was made just now, compare the clocks of both nodes.",
  },
  SIGNATURE_NOT_YET_VALID: {
    status: 403,
    exit: 12,
    meaning: "A signature is valid from a later time on. Compare the clocks of both nodes.",
  },
  SIGNATURE_REPLAYED: {
    status: 409,
    exit: 12,
    meaning:
      "A signed order was used before, or cannot be told from one that was. Every request needs an order of its own.",
  },
  SIGNATURE_WRONG_TARGET: { status: 403, exit: 12, meaning: "A signature was made for another node." },
  SIGNATURE_PAYLOAD_CHANGED: {
    status: 403,
    exit: 12,
    meaning: "The payload that arrived is not the one that was signed, so nothing was started.",
  },
  SIGNATURE_PARAMS_CHANGED: {
    status: 403,
    exit: 12,
    meaning: "The request is not the one that was signed: operation, unit id, work type or params differ.",
  },
  KEY_UNKNOWN: {
    status: 403,
    exit: 12,
    meaning: "A signed order was made with a key this node does not trust. Put the public key among its `orderkeys`.",
  },
  KEY_REVOKED: {
    status: 403,
    exit: 12,
    meaning: "A signed order was made with a key that is on this node's list of revoked keys. Sign with a new key.",
  },
  ORDER_REQUIRED: {
    status: 403,
    exit: 12,
    meaning: "The node takes signed orders only (`requireorder`), and a Receptor token came. Sign with an `orderkey`.",
  },
  ORDERS_EXHAUSTED: {
    status: 503,
    exit: 5,
    meaning:
      "The node remembers as many orders of one key as it can. Wait until some expire, or sign for a shorter time.",
  },
  SIGNING_KEY_UNUSABLE: {
    status: 500,
    exit: 3,
    meaning:
      "This node cannot sign work: `work-signing` names no key, or one that cannot be read. The message says which.",
  },
  VERIFYING_KEY_UNUSABLE: {
    status: 500,
    exit: 3,
    meaning: "A node cannot verify signed work: `work-verification` names no key, or a file that cannot be read.",
  },
  NODE_UNREACHABLE: {
    status: 502,
    exit: 5,
    meaning: "The other node of remote work cannot be reached now, or this worker is part of no mesh.",
  },
  REMOTE_REFUSED: {
    status: 502,
    exit: 8,
    meaning: "The other node was reached and refused remote work, or answered what is no answer. Nothing runs there.",
  },
  REMOTE_TLS_REFUSED: {
    status: 502,
    exit: 5,
    meaning: "The TLS connection to the other node was refused: a certificate, a name or a CA does not fit.",
  },
  UNIT_ID_TAKEN: {
    status: 409,
    exit: 2,
    meaning: "The unit id another node chose for its work belongs to other work here. It chooses another.",
  },
  PAYLOAD_MISMATCH: {
    status: 400,
    exit: 6,
    meaning: "The payload of an order is not what the order says, so nothing was started. It is sent again.",
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
  LEASE_LOST: {
    status: 409,
    exit: 6,
    meaning:
      "A run loop spoke of a task that is not its own (any more): its lease has expired, or the task has ended. Nothing was recorded.",
  },
  OUTPUT_GAP: {
    status: 409,
    exit: 6,
    meaning:
      "A run loop sent output from further on than what is there, or has ended without all of it. Nothing was recorded.",
  },
  TASK_TOUCHED: {
    status: 409,
    exit: 6,
    meaning: "A run loop gave back a task as untouched whose output has begun. It can end it, or report a failure.",
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
