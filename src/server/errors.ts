import { type ErrorTable, FarhandError } from "#core";

/** Errors of the server room: code, HTTP status, exit code. Documented in docs/errors.md. */
export const serverErrors = {
  STORE_UNREACHABLE: {
    status: 503,
    exit: 5,
    meaning: "The database cannot be reached or opened. Is it running, and are its address and its file's owner right?",
  },
  STORE_FULL: {
    status: 507,
    exit: 5,
    meaning: "The database has no room left on its disk. Make some; nothing has to be started again.",
  },
  STORE_DAMAGED: {
    status: 500,
    exit: 1,
    meaning: "The database says that its own file is damaged. Restore a backup; the log has its words.",
  },
  STORE_TOO_NEW: {
    status: 500,
    exit: 1,
    meaning: "A later version of Farhand has changed the database. Start that version, or restore a backup.",
  },
  STORE_MIGRATION: {
    status: 500,
    exit: 1,
    meaning: "The tables cannot be brought up to this version; nothing was changed. The message says why.",
  },
  AUDIT_DETAIL: {
    status: 500,
    exit: 1,
    meaning: "Something was to be audited that is not plain data or is too large; secrets never are. This is a defect.",
  },
  AUDIT_HEAD_LOST: {
    status: 500,
    exit: 1,
    meaning: "The row that says where the audit ends is gone, so nothing can be added: run `farhand audit verify`.",
  },
  ENROLMENT_INVALID: {
    status: 400,
    exit: 2,
    meaning: "An enrolment token cannot be made like this: the message names the field.",
  },
  ENROLMENT_REFUSED: {
    status: 401,
    exit: 4,
    meaning:
      "The enrolment token is unknown, used, revoked or expired, or not for a worker of this name. Make a new one.",
  },
  ENROLMENT_PENDING: {
    status: 403,
    exit: 4,
    meaning:
      "A worker came without a token: a person has to approve it, by the fingerprint that it shows. It asks again.",
  },
  PENDING_FULL: {
    status: 429,
    exit: 4,
    meaning: "Too many workers wait to be approved, or none may come without a token. Use a token, or try again later.",
  },
  PENDING_NOT_FOUND: {
    status: 404,
    exit: 4,
    meaning:
      "No worker with this fingerprint waits to be approved; it may have given up, or somebody has decided already.",
  },
  ENROLMENT_NOT_FOUND: { status: 404, exit: 4, meaning: "There is no such enrolment token; it may have been revoked." },
  REGISTRATION_INVALID: {
    status: 400,
    exit: 2,
    meaning: "A registration is not as it should be: the message names the field.",
  },
  REGISTRATION_NONCE: {
    status: 401,
    exit: 4,
    meaning: "The nonce a registration was signed for is unknown, used or too old. The worker asks for another one.",
  },
  REGISTRATION_REFUSED: {
    status: 403,
    exit: 4,
    meaning: "The worker is not known, or its key is not the known one. Enrol it with a new token.",
  },
  WORKER_DUPLICATE: {
    status: 409,
    exit: 6,
    meaning:
      "A second instance of a worker wants in while the first one lives: a copied machine or folder. Enrol the copy.",
  },
  WORKER_REMOVED: {
    status: 403,
    exit: 4,
    meaning: "The worker was removed and stays away until it is enrolled with a new token.",
  },
  MACHINE_KNOWN: {
    status: 409,
    exit: 6,
    meaning:
      "A worker of this machine is known and not connected: choose to replace it (by an enrolment token that allows that) or to add another.",
  },
  WORKER_NOT_FOUND: { status: 404, exit: 4, meaning: "There is no worker with this id or name." },
  BACKUP_FAILED: {
    status: 500,
    exit: 1,
    meaning: "The backup was not made; the message says why (a full disk, a folder that cannot be written).",
  },
  BACKUP_INVALID: {
    status: 400,
    exit: 2,
    meaning: "The file is no backup, is damaged or cut off, or is of a later version of Farhand. Nothing was restored.",
  },
  RESTORE_REFUSED: {
    status: 409,
    exit: 6,
    meaning:
      "A backup is restored into an empty database and a folder without keys, so that nothing is lost by mistake.",
  },
  WORKER_AWAY: {
    status: 503,
    exit: 5,
    meaning: "The worker is not connected, so nothing was asked of it. Ask again when it is back.",
  },
  WORKER_UNREACHABLE: {
    status: 503,
    exit: 5,
    meaning: "The line to the worker broke before it answered: what was asked may have been done. Look at its state.",
  },
  SESSION_CUT: {
    status: 401,
    exit: 4,
    meaning: "The session under which this went on is over (logged out, revoked, or its rights changed). Log in again.",
  },
  EPOCH_UNKNOWN: {
    status: 503,
    exit: 5,
    meaning:
      "The server does not have the worker's secret (it was restarted). The worker registers again within seconds.",
  },
  SERIES_INVALID: {
    status: 400,
    exit: 2,
    meaning:
      "A window of health must begin before it ends and give no more points than allowed: ask for a larger step.",
  },
  SERVER_KEY_UNUSABLE: {
    status: 500,
    exit: 1,
    meaning: "The file with the server's key cannot be used. Restore it from the backup, with mode 600.",
  },
  SEALED_UNREADABLE: {
    status: 500,
    exit: 1,
    meaning: "A secret in the database was sealed with another server key. Restore the key, or reset that factor.",
  },
  PASSWORD_UNFIT: {
    status: 400,
    exit: 2,
    meaning: "The new password is too short or easily guessed. Take at least twelve characters that nobody expects.",
  },
  LOGIN_REFUSED: {
    status: 401,
    exit: 4,
    meaning: "User name, password or code is wrong, or the user is disabled. It is not said which.",
  },
  LOGIN_DELAYED: {
    status: 429,
    exit: 4,
    meaning: "Too many logins failed for this user or from this address. Wait as long as the message says.",
  },
  LOGIN_BUSY: {
    status: 503,
    exit: 5,
    meaning: "Too many logins at once. Try again in a moment.",
  },
  FACTOR_NEEDED: {
    status: 401,
    exit: 4,
    meaning: "A code of the second factor is needed: log in again with the code, or show one for this session.",
  },
  PASSWORD_NEEDED: {
    status: 401,
    exit: 4,
    meaning: "The login is older than ten minutes. Give the password once more: a found session must not do this.",
  },
  FACTOR_REFUSED: {
    status: 401,
    exit: 4,
    meaning: "The code is wrong, or has been used. Wait for the next one, and look at the device's clock.",
  },
  FACTOR_LOCKED: {
    status: 429,
    exit: 4,
    meaning: "Too many wrong codes of the second factor. Wait as long as the message says.",
  },
  FACTOR_ENROLMENT_NEEDED: {
    status: 403,
    exit: 4,
    meaning: "This user's role needs a second factor. Nothing else works until it is set up.",
  },
  FACTOR_EXISTS: {
    status: 409,
    exit: 6,
    meaning: "The user has a second factor. Reset it first.",
  },
  FACTOR_OFF: {
    status: 409,
    exit: 6,
    meaning: "The second factor is not set up, or switched off for this user's role.",
  },
  CREDENTIAL_INVALID: {
    status: 401,
    exit: 4,
    meaning: "The session or API token is unknown, has ended or expired. Log in again.",
  },
  SESSION_NOT_FOUND: {
    status: 404,
    exit: 4,
    meaning: "The user has no such session; it may have ended.",
  },
  API_TOKEN_NOT_FOUND: {
    status: 404,
    exit: 4,
    meaning: "The user has no such API token; it may have been revoked.",
  },
  API_TOKEN_UNFIT: {
    status: 400,
    exit: 2,
    meaning: "An API token cannot be made like this. The message says what is wrong with its name, scopes or expiry.",
  },
  USER_NOT_FOUND: {
    status: 404,
    exit: 4,
    meaning: "There is no such user.",
  },
  USER_EXISTS: {
    status: 409,
    exit: 6,
    meaning: "There is a user of that name.",
  },
  USER_UNFIT: {
    status: 400,
    exit: 2,
    meaning: "A user cannot be like this. The message says what is wrong with the name, role or labels.",
  },
  LAST_ADMIN: {
    status: 409,
    exit: 6,
    meaning: "Nobody would be left who may manage users. Make another admin first.",
  },
  REQUEST_INVALID: {
    status: 400,
    exit: 2,
    meaning: "A request is not as it must be. The message, and `errors` of the problem, name the field.",
  },
  TRACE_OFF: { status: 404, exit: 4, meaning: "This session is not traced. An admin switches that on." },
  TRACES_FULL: { status: 429, exit: 5, meaning: "Too many sessions are traced at once. Switch some off." },
  ROUTE_NOT_FOUND: { status: 404, exit: 2, meaning: "The API has no such path, or not with this method." },
  HEADERS_TOO_LARGE: { status: 431, exit: 2, meaning: "The headers of a request are longer than 16 KiB together." },
  BODY_TOO_LARGE: {
    status: 413,
    exit: 2,
    meaning: "The body of a request is too large: 1 MiB of JSON, or a payload beyond what the server takes.",
  },
  BODY_TYPE: {
    status: 415,
    exit: 2,
    meaning: "The body of a request is of a type that this route does not take; most take application/json.",
  },
  BODY_SLOW: { status: 408, exit: 5, meaning: "The body of a request did not arrive in time." },
  EXPECTATION_UNKNOWN: { status: 417, exit: 2, meaning: "A request expects what this server does not know." },
  HOST_UNKNOWN: {
    status: 421,
    exit: 2,
    meaning: "A request is for another host. If the server is reached under that name, set it as its public address.",
  },
  ORIGIN_REFUSED: {
    status: 403,
    exit: 4,
    meaning: "A page of another origin sent the request, or a browser sent it without the header `X-Farhand: 1`.",
  },
  CREDENTIAL_MISSING: { status: 401, exit: 4, meaning: "The request shows no session and no API token. Log in." },
  SESSION_NEEDED: {
    status: 403,
    exit: 4,
    meaning: "This is for people who have logged in; an API token does not do.",
  },
  HANDLE_REFUSED: {
    status: 403,
    exit: 4,
    meaning: "The connection handle (`X-Connection`) is missing, has ended, or belongs to another session.",
  },
  NOT_ENTITLED: { status: 403, exit: 4, meaning: "The policy of this server does not include that. Ask its owner." },
  ENTITLEMENT_REFUSED: {
    status: 400,
    exit: 2,
    meaning: "The entitlement is not genuine, or not for this server; the message says which. Nothing was changed.",
  },
  ENTITLEMENT_NOT_FOUND: {
    status: 404,
    exit: 4,
    meaning:
      "No entitlement of this id was entered at the server. One in its file, or a worker's own, is taken away there.",
  },
  RATE_LIMITED: {
    status: 429,
    exit: 5,
    meaning: "Too many requests from this address or user. Wait as long as `Retry-After` says.",
  },
  CALLS_FULL: {
    status: 429,
    exit: 5,
    meaning: "Too many calls and streams are open under this session. End some first.",
  },
  CLIENT_LEFT: {
    status: 408,
    exit: 5,
    meaning: "The client went away before it was answered: nobody reads this, but metrics count it.",
  },
  IDEMPOTENCY_REUSED: {
    status: 422,
    exit: 2,
    meaning: "The `Idempotency-Key` was used for another request. Take a new one for each.",
  },
  IDEMPOTENCY_RUNNING: {
    status: 409,
    exit: 6,
    meaning: "The request with this `Idempotency-Key` has not ended. Wait, and ask again.",
  },
  IDEMPOTENCY_LOST: {
    status: 409,
    exit: 6,
    meaning:
      "The request with this `Idempotency-Key` was broken off (the server or its database went away). Look what became of it before you repeat it, with another key.",
  },
  IDEMPOTENCY_SHOWN: {
    status: 409,
    exit: 6,
    meaning: "The request with this `Idempotency-Key` was done; the secret it made was shown once and is not kept.",
  },
  RECORDING_NOT_FOUND: {
    status: 404,
    exit: 4,
    meaning: "There is no such recording; those that are too old, or too many, are removed.",
  },
  RECORDING_FAILED: {
    status: 503,
    exit: 5,
    meaning:
      "The policy says that this stream is recorded or does not happen, and the recording cannot be written. Has the server's disk room?",
  },
  RECORDING_ALTERED: {
    status: 500,
    exit: 1,
    meaning: "A recording is not what was written: its file was altered, or is damaged. The message names the place.",
  },
  RANGE_UNSATISFIABLE: { status: 416, exit: 2, meaning: "The output ends before the byte that was asked for." },
  ROLLOUT_OPEN: {
    status: 409,
    exit: 6,
    meaning:
      "A version of this configuration is being rolled out: wait, let it continue, or abort it, then write the next one.",
  },
  ROLLOUT_NONE: {
    status: 404,
    exit: 4,
    meaning: "No version of this configuration is being rolled out, or the one there was has ended.",
  },
  CANARY_NONE: {
    status: 409,
    exit: 6,
    meaning:
      "A version cannot come to some workers first: none that is connected fits, or there is no version before it.",
  },
  WORKER_ANSWER: {
    status: 502,
    exit: 8,
    meaning: "The worker answered with something its method never answers with. Do both run versions that fit?",
  },
  SERVER_FAILED: { status: 500, exit: 1, meaning: "The server failed in a way nobody foresaw. Its log says how." },
  SETTINGS_INVALID: {
    status: 400,
    exit: 2,
    meaning: "A setting of the server is not valid: the message names it and says how it is written.",
  },
  UNITS_OUT_OF_STEP: {
    status: 409,
    exit: 6,
    meaning:
      "A worker told changes of its units that do not follow what the server knows. It compares all of them then.",
  },
  QUOKKA_PARAMS: {
    status: 400,
    exit: 2,
    meaning: "A worker of Quokka cannot do what was asked, for its program knows less: the message says what it can.",
  },
  QUOKKA_BUSY: {
    status: 409,
    exit: 6,
    meaning:
      "A capture is being made on this worker of Quokka already: packets of two could not be told apart. Wait, or cancel it.",
  },
  QUOKKA_TAKEN: {
    status: 409,
    exit: 6,
    meaning: "There is a worker of Quokka with this serial and type, or another worker of this name.",
  },
  QUOKKA_UNABLE: {
    status: 400,
    exit: 2,
    meaning: "A worker of Quokka has nothing of the kind: it only captures, scans or traces, as its type says.",
  },
  MONITOR_ABSENT: {
    status: 409,
    exit: 6,
    meaning: "No monitor runs with the server, so units have no channels. Output can be followed all the same.",
  },
  SERVER_STOPPING: { status: 503, exit: 5, meaning: "The server stops, or is started anew. Try again in a moment." },
  LISTEN_FAILED: {
    status: 500,
    exit: 1,
    meaning: "The API cannot listen there: the address is taken or not ours, or it is not loopback and has no TLS.",
  },
} as const satisfies ErrorTable;

/** A {@link serverErrors} code. */
export type ServerErrorCode = keyof typeof serverErrors;

/** Anything the room `server` refuses or fails at. */
export class ServerError extends FarhandError {
  override readonly name = "ServerError";
  declare readonly code: ServerErrorCode;

  constructor(code: ServerErrorCode, message: string, options?: ErrorOptions) {
    super(code, serverErrors[code], message, options);
  }
}
