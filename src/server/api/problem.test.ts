import { expect, test } from "vitest";
import { RemoteError } from "#fleet";
import { storeFault } from "../store/store-failure.ts";
import { ServerError } from "../errors.ts";
import { problemOf } from "./problem.ts";

test.each([
  [new ServerError("FACTOR_ENROLMENT_NEEDED", "first"), "`farhand totp enable`"],
  [new RemoteError({ code: "UNIT_NOT_FOUND", message: "no unit x", status: 404 }), "`farhand units list WORKER`"],
])("a problem says what to try, whether the server or a worker met it: %s", (error, remedy) => {
  expect(problemOf(error).remedy).toContain(remedy);
});

test("a problem whose detail says it all has no remedy", () => {
  expect(problemOf(new ServerError("REQUEST_INVALID", "name: too long"))).not.toHaveProperty("remedy");
  expect(problemOf(new RemoteError({ code: "constructor", message: "of a worker", status: 404 }))).not.toHaveProperty(
    "remedy",
  );
});

const coded = (code: string): Error => Object.assign(new Error("what the driver says, with /its/places"), { code });

test("a failure of the database is told as such, and nothing of the server's inside", () => {
  const problem = problemOf(storeFault("STORE_FULL", coded("53100")));
  expect(problem).toMatchObject({ status: 507, title: "Insufficient Storage", code: "STORE_FULL" });
  expect(JSON.stringify(problem)).not.toContain("/its/places");
});

test.each([coded("23505"), coded("SQLITE_CONSTRAINT"), new Error("a mistake of ours")])(
  "a mistake of ours is none of the database's: %s",
  (error) => {
    expect(problemOf(error)).toMatchObject({ status: 500, code: "SERVER_FAILED" });
  },
);
