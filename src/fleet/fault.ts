import { exitOfStatus, FarhandError } from "#core";
import { isErrorCode, type RpcError } from "./envelope.ts";
import type { FleetErrorCode } from "./errors.ts";

/** How a call failed, in what may leave this machine: no stack, no cause. */
export interface Fault {
  /** For programs, as in docs/errors.md. */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** HTTP status, 400 to 599. */
  readonly status: number;
}

/** An error that the other side answered with. The code is the one it has there. */
export class RemoteError extends FarhandError {
  override readonly name = "RemoteError";

  constructor({ code, message, status }: Fault) {
    super(code, { status, exit: exitOfStatus(status), meaning: "" }, message);
  }
}

const maxMessageChars = 2_000;

/** What a caller is told of anything that was thrown on purpose, or undefined: then it is nothing for strangers. */
export function faultOf(error: unknown): Fault | undefined {
  if (!(error instanceof FarhandError)) return undefined;
  const { code, message, status } = error;
  const isStatus = Number.isInteger(status) && status >= 400 && status <= 599;
  // A code of another kind is none that programs know.
  if (!isErrorCode(code) || !isStatus) return undefined;
  return { code, message: message.slice(0, maxMessageChars), status };
}

/** Numbers that JSON-RPC 2.0 gives; anything else is a "server error". */
const rpcCodes = new Map<string, number>([
  ["METHOD_UNKNOWN", -32_601],
  ["PARAMS_INVALID", -32_602],
  ["INTERNAL", -32_603],
] satisfies [FleetErrorCode, number][]);
const serverError = -32_000;

/** The fault as a JSON-RPC 2.0 error. */
export function rpcErrorOf({ code, message, status }: Fault): RpcError {
  return { code: rpcCodes.get(code) ?? serverError, message, data: { code, status } };
}

/** The fault in a JSON-RPC 2.0 error; the number is not looked at. */
export function faultOfRpcError({ message, data }: RpcError): Fault {
  return { code: data.code, message, status: data.status };
}
