/**
 * What server and worker say to each other, and how each knows that it is the other: enrolment tokens, assertions,
 * levels of access. No I/O of its own.
 */
export {
  type Assertion,
  AssertionChecker,
  type AssertionCheckerOptions,
  assertionKey,
  signAssertion,
} from "./assertion.ts";
export {
  decodeEnrolmentToken,
  encodeEnrolmentToken,
  type EnrolmentToken,
  newEnrolmentToken,
} from "./enrolment-token.ts";
export { FleetError, type FleetErrorCode, fleetErrors } from "./errors.ts";
export { includesLevel, isLevel, type Level, levels, lowerLevel } from "./levels.ts";
