import { ControlError } from "#control";

/** A text that has to be there. @throws {ControlError} `REQUEST_INVALID` with the protocol's words. */
export function requiredText(value: unknown, missing: string, wrongKind: string): string {
  if (value === undefined || value === "") throw invalidRequest(missing);
  if (typeof value !== "string") throw invalidRequest(wrongKind);
  return value;
}

/** The fault of a request that cannot be understood. */
export function invalidRequest(message: string): ControlError {
  return new ControlError("REQUEST_INVALID", message);
}
