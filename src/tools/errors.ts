import { type ErrorTable, FarhandError } from "#core";

/** Every error of the room `tools`. */
export const toolErrors = {
  TOOL_PARAMS_INVALID: {
    status: 400,
    exit: 2,
    meaning: "The params of a tool do not fit it. The message names the field and what may stand there.",
  },
  TARGET_REFUSED: {
    status: 403,
    exit: 12,
    meaning: "The worker does not let its tools look at this host: it is not among the `targets` of its `tools`.",
  },
  INTERFACE_REFUSED: {
    status: 403,
    exit: 12,
    meaning: "The worker does not let this interface be listened on: it is not among the `interfaces` of its `tools`.",
  },
  FILTER_REFUSED: {
    status: 403,
    exit: 12,
    meaning: "The filter is no filter, or none that the worker lets be used. The message says which `filters` it has.",
  },
  BUDGET_EXCEEDED: {
    status: 403,
    exit: 12,
    meaning:
      "More targets or ports were asked for than the worker allows in one run, or the result got longer than it allows.",
  },
  NAME_UNKNOWN: {
    status: 400,
    exit: 4,
    meaning: "The worker's resolver does not know a name that was asked for, or did not answer.",
  },
  CAPABILITY_MISSING: {
    status: 501,
    exit: 3,
    meaning:
      "The tool needs a capability (`cap_net_raw`) which the worker has not got, so that it cannot give it. `farhand worker install --capability CAP_NET_RAW` sets up a service that has.",
  },
  PROGRAM_MISSING: {
    status: 501,
    exit: 3,
    meaning: "The tool needs a program of the system, such as tcpdump, which the worker's machine has not got.",
  },
  TOOL_FAILED: {
    status: 500,
    exit: 8,
    meaning: "A tool could not do its work. The message has what its program said.",
  },
  OUTPUT_FAILED: {
    status: 507,
    exit: 7,
    meaning: "The result of a tool could not be written: the disk of the worker is full or broken.",
  },
  CANCELED: { status: 499, exit: 130, meaning: "A tool was stopped by whoever may stop its unit." },
  TIME_OVER: { status: 504, exit: 5, meaning: "A tool was not done when the time it was given was over." },
} as const satisfies ErrorTable;

/** A {@link toolErrors} code. */
export type ToolErrorCode = keyof typeof toolErrors;

/** Anything the room `tools` refuses or fails at. */
export class ToolError extends FarhandError {
  override readonly name = "ToolError";
  declare readonly code: ToolErrorCode;

  constructor(code: ToolErrorCode, message: string, options?: ErrorOptions) {
    super(code, toolErrors[code], message, options);
  }
}
