import { expect, test } from "vitest";
import { storeFault } from "../store/store-failure.ts";
import { problemOf } from "./problem.ts";

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
