import { describe, expect, test } from "vitest";
import { problemOf } from "./problem.ts";

const coded = (code: string): Error => Object.assign(new Error("what the driver says, with /its/places"), { code });

describe("a database that", () => {
  test.each([
    ["is not there", coded("ECONNREFUSED")],
    ["breaks the connection", coded("ECONNRESET")],
    ["breaks it in the middle of a statement", new Error("Connection terminated unexpectedly")],
    ["does not answer in time", new Error("timeout exceeded when trying to connect")],
    ["ends (PostgreSQL)", coded("57P01")],
    ["starts (PostgreSQL)", coded("57P03")],
    ["has no room (PostgreSQL)", coded("53100")],
    ["takes no more connections (PostgreSQL)", coded("53300")],
    ["has no room (SQLite)", coded("SQLITE_FULL")],
    ["is held by another (SQLite)", coded("SQLITE_BUSY")],
    ["cannot be written (SQLite)", coded("SQLITE_IOERR_WRITE")],
  ])("%s is told as such, and nothing of the server's inside", (_how, error) => {
    const problem = problemOf(error);
    expect(problem).toMatchObject({ status: 503, code: "STORE_UNREACHABLE" });
    expect(problem.detail).toBe("the database does not answer; try again later");
  });
});

test.each([coded("23505"), coded("SQLITE_CONSTRAINT"), new Error("a mistake of ours")])(
  "a mistake of ours is none of the database's: %s",
  (error) => {
    expect(problemOf(error)).toMatchObject({ status: 500, code: "SERVER_FAILED" });
  },
);
