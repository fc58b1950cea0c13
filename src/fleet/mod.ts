/**
 * What server and worker say to each other, and how each knows that it is the other: one conversation over any stream
 * ({@link Conversation}), methods declared once for all carriers ({@link methodTable}, {@link dispatch}), enrolment
 * tokens, assertions, levels of access. No I/O of its own.
 */
export {
  type Assertion,
  AssertionChecker,
  type AssertionCheckerOptions,
  assertionKey,
  signAssertion,
} from "./assertion.ts";
export { Conversation, type ConversationOptions, type Meeting } from "./conversation.ts";
export {
  decodeEnrolmentToken,
  encodeEnrolmentToken,
  type EnrolmentToken,
  newEnrolmentToken,
} from "./enrolment-token.ts";
export { type Envelope, type JsonObject, maxMessageBytes, maxMessageDepth, type RpcError } from "./envelope.ts";
export { FleetError, type FleetErrorCode, fleetErrors } from "./errors.ts";
export { type Fault, faultOf, faultOfRpcError, RemoteError, rpcErrorOf } from "./fault.ts";
export { Heartbeat, HeartbeatAnswer, heartbeat } from "./heartbeat-schema.ts";
export { includesLevel, isLevel, type Level, levels, lowerLevel } from "./levels.ts";
export { type ConversationLimits, conversationLimits } from "./limits.ts";
export {
  type CallContext,
  type Caller,
  type CallRequest,
  type Handler,
  type Method,
  type ParamsOf,
  type ResultOf,
  type Schema,
  type SchemaFault,
  serve,
  type ServedMethod,
} from "./method.ts";
export { dispatch, type MethodTable, methodTable, type Outcome } from "./method-table.ts";
export type { CallOptions } from "./own-calls.ts";
export {
  apiVersion,
  Bye,
  bye,
  Challenge,
  challenge,
  Hello,
  hello,
  Proof,
  register,
  Registered,
  Registration,
  workerMode,
  workerState,
} from "./registration-schema.ts";
