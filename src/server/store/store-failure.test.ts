import { expect, test } from "vitest";
import { ServerError } from "../errors.ts";
import { storeFailure } from "./store-failure.ts";

const sqlite = (rawCode: number): Error => Object.assign(new Error("what it says, with /its/paths"), { rawCode });
const postgres = (code: string): Error => Object.assign(new Error("what it says"), { code, severity: "FATAL" });
const socket = (code: string): Error =>
  Object.assign(new Error(`connect ${code} 10.0.0.7`), { code, errno: -1, syscall: "connect" });

test.each([
  ["is held by another (SQLite)", sqlite(5), "STORE_UNREACHABLE"],
  ["is held by another that has just begun to write (SQLite)", sqlite(517), "STORE_UNREACHABLE"],
  ["cannot be written (SQLite)", sqlite(778), "STORE_UNREACHABLE"],
  ["may only be read (SQLite)", sqlite(8), "STORE_UNREACHABLE"],
  ["cannot be opened again (SQLite)", sqlite(14), "STORE_UNREACHABLE"],
  ["has no room (SQLite)", sqlite(13), "STORE_FULL"],
  ["has no room for its shared memory (SQLite)", sqlite(4874), "STORE_FULL"],
  ["is no database any more (SQLite)", sqlite(26), "STORE_DAMAGED"],
  ["is malformed (SQLite)", sqlite(267), "STORE_DAMAGED"],
  ["is not there (PostgreSQL)", socket("ECONNREFUSED"), "STORE_UNREACHABLE"],
  ["cannot be routed to (PostgreSQL)", socket("EHOSTUNREACH"), "STORE_UNREACHABLE"],
  ["breaks the connection (PostgreSQL)", socket("ECONNRESET"), "STORE_UNREACHABLE"],
  ["breaks it in a statement (PostgreSQL)", new Error("Connection terminated unexpectedly"), "STORE_UNREACHABLE"],
  ["broke it before (PostgreSQL)", new Error("Client has encountered a connection error"), "STORE_UNREACHABLE"],
  [
    "takes no connection in time (PostgreSQL)",
    new Error("timeout exceeded when trying to connect"),
    "STORE_UNREACHABLE",
  ],
  ["is shut down (PostgreSQL)", postgres("57P01"), "STORE_UNREACHABLE"],
  ["starts (PostgreSQL)", postgres("57P03"), "STORE_UNREACHABLE"],
  ["takes no more connections (PostgreSQL)", postgres("53300"), "STORE_UNREACHABLE"],
  ["has another password (PostgreSQL)", postgres("28P01"), "STORE_UNREACHABLE"],
  ["is a standby now (PostgreSQL)", postgres("25006"), "STORE_UNREACHABLE"],
  ["gave way in a deadlock (PostgreSQL)", postgres("40P01"), "STORE_UNREACHABLE"],
  ["cannot read its disk (PostgreSQL)", postgres("58030"), "STORE_UNREACHABLE"],
  ["has no room (PostgreSQL)", postgres("53100"), "STORE_FULL"],
  ["is damaged (PostgreSQL)", postgres("XX001"), "STORE_DAMAGED"],
])("a database that %s is told as such; what the driver said is the cause, and not the text", (_how, error, code) => {
  const failure = storeFailure(error);
  expect(failure).toMatchObject({ code, cause: error });
  expect(failure?.message).toMatch(/^the database (does not answer; try|has no room left|is damaged)/);
});

test.each([
  sqlite(1),
  sqlite(2067),
  postgres("23505"),
  postgres("42P01"),
  new TypeError("a mistake of ours"),
  new ServerError("AUDIT_HEAD_LOST", "one of our own"),
  "no error at all",
])("what is wrong with a statement is no failure of the database: %s", (error) => {
  expect(storeFailure(error)).toBeUndefined();
});
