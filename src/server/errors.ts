import { type ErrorTable, FarhandError } from "#core";

/** Errors of the server room: code, HTTP status, exit code. Documented in docs/errors.md. */
export const serverErrors = {
  STORE_UNREACHABLE: {
    status: 503,
    exit: 5,
    meaning: "The database cannot be reached or opened. Is it running, and are its address and its file's owner right?",
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
