import { expect, test } from "vitest";
import { remedyFor } from "../remedies.ts";
import { CliError } from "../errors.ts";
import { connectFault } from "./connect-fault.ts";

const url = new URL("https://farm.example:8443");
const failed = (code: string): Error => Object.assign(new Error("x"), { code });

test.each([
  ["CERT_HAS_EXPIRED", /its certificate has expired$/, /clock; .* renews the certificate$/],
  ["CERT_NOT_YET_VALID", /not valid yet/, /^set this machine's clock right/],
  ["SELF_SIGNED_CERT_IN_CHAIN", /an authority we do not trust$/, /--ca FILE/],
  ["ECONNREFUSED", /cannot be reached: nothing listens there$/, /whether the server runs$/],
])("%s is told with what mends it", (code, message, remedy) => {
  const error = connectFault(url, failed(code));
  expect(error.message).toMatch(message);
  expect(remedyFor(error, error instanceof CliError ? error.code : "")).toMatch(remedy);
});
