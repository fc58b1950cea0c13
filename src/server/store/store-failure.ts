import { FarhandError } from "#core";
import { ServerError, type ServerErrorCode } from "../errors.ts";

/** Codes for what a database can fail with while nothing is wrong with what it was asked. */
export type StoreFailureCode = Extract<ServerErrorCode, "STORE_UNREACHABLE" | "STORE_FULL" | "STORE_DAMAGED">;

/** What anybody may be told: what the driver says holds addresses and paths, and stays with the cause. */
const texts: Readonly<Record<StoreFailureCode, string>> = {
  STORE_UNREACHABLE: "the database does not answer; try again later",
  STORE_FULL: "the database has no room left on its disk; try again when there is some",
  STORE_DAMAGED: "the database is damaged: an admin has to restore a backup",
};

/** A failure of the database itself, foreseen as one. */
export function storeFault(code: StoreFailureCode, cause: unknown): ServerError {
  return new ServerError(code, texts[code], { cause });
}

/** What a statement failed with, as a failure of the database; undefined: it is about the statement, a mistake of ours. */
export function storeFailure(error: unknown): ServerError | undefined {
  if (!(error instanceof Error) || error instanceof FarhandError) return undefined;
  const code = sqliteFailure(error) ?? postgresFailure(error) ?? connectionFailure(error);
  return code && storeFault(code, error);
}

/** Primary result codes of SQLite (sqlite.org/rescode.html); the extended ones hold them in their lowest byte. */
const sqliteCodes: Readonly<Record<number, StoreFailureCode>> = {
  3: "STORE_UNREACHABLE", // PERM
  5: "STORE_UNREACHABLE", // BUSY
  6: "STORE_UNREACHABLE", // LOCKED
  7: "STORE_UNREACHABLE", // NOMEM
  8: "STORE_UNREACHABLE", // READONLY
  9: "STORE_UNREACHABLE", // INTERRUPT
  10: "STORE_UNREACHABLE", // IOERR
  11: "STORE_DAMAGED", // CORRUPT
  13: "STORE_FULL", // FULL
  14: "STORE_UNREACHABLE", // CANTOPEN
  15: "STORE_UNREACHABLE", // PROTOCOL
  26: "STORE_DAMAGED", // NOTADB
};
/** Files beside the database that grow with it: on a full disk they fail with these. */
const sqliteNoRoom: ReadonlySet<number> = new Set([10 | (19 << 8)]); // IOERR_SHMSIZE

function sqliteFailure(error: Error): StoreFailureCode | undefined {
  if (!("rawCode" in error) || typeof error.rawCode !== "number") return undefined;
  if (sqliteNoRoom.has(error.rawCode)) return "STORE_FULL";
  return sqliteCodes[error.rawCode & 0xff];
}

/** By SQLSTATE, or its class of two characters (PostgreSQL's appendix A). */
const postgresCodes: Readonly<Record<string, StoreFailureCode>> = {
  "53100": "STORE_FULL",
  XX001: "STORE_DAMAGED",
  XX002: "STORE_DAMAGED",
  "08": "STORE_UNREACHABLE", // connection exception
  "28": "STORE_UNREACHABLE", // the password was changed
  "3D": "STORE_UNREACHABLE", // the database is not there
  "40": "STORE_UNREACHABLE", // serialization failure, deadlock
  "53": "STORE_UNREACHABLE", // insufficient resources
  "57": "STORE_UNREACHABLE", // shutdown, crash, starting up
  "58": "STORE_UNREACHABLE", // system error
  "25006": "STORE_UNREACHABLE", // a standby that takes no changes
  "55P03": "STORE_UNREACHABLE", // a lock is not to be had
};

function postgresFailure(error: Error): StoreFailureCode | undefined {
  const code = "code" in error && "severity" in error && typeof error.code === "string" ? error.code : "";
  return postgresCodes[code] ?? postgresCodes[code.slice(0, 2)];
}

/** The driver of PostgreSQL has no codes of its own for these. */
const lostConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (was closed|has encountered a connect))/;

function connectionFailure(error: Error): StoreFailureCode | undefined {
  const isOfSocket = "syscall" in error && "errno" in error;
  return isOfSocket || lostConnection.test(error.message) ? "STORE_UNREACHABLE" : undefined;
}
