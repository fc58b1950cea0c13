/**
 * What server and worker say to each other, and how each knows that it is the other: one conversation over any stream
 * ({@link Conversation}), methods declared once for all carriers ({@link methodTable}, {@link dispatch}), enrolment
 * tokens, assertions, levels of access. No I/O of its own.
 */
export {
  type ServiceOpened,
  type ServiceWanted,
  type ShellOpened,
  shellOpen,
  shellResize,
  type ShellSize,
  type ShellWanted,
  tcpOpen,
} from "./access-streams-schema.ts";
export {
  type Assertion,
  AssertionChecker,
  type AssertionCheckerOptions,
  assertionKey,
  newRequestId,
  signAssertion,
} from "./assertion.ts";
export {
  configCompare,
  ConfigCompared,
  configConfirm,
  ConfigEffective,
  configEffective,
  configGet,
  ConfigGot,
  configHistory,
  ConfigPut,
  configPut,
  configRollback,
  configSchema,
  ConfigValidated,
  configValidate,
  ConfigWritten,
} from "./config-methods-schema.ts";
export * from "./configuration/mod.ts";
export { type ConnectFacts, type ConnectHint, connectHints, type ConnectWay, connectWays } from "./connect-hints.ts";
export { Conversation, type ConversationOptions, type Meeting } from "./conversation.ts";
export {
  decodeEnrolmentToken,
  encodeEnrolmentToken,
  type EnrolmentToken,
  newEnrolmentToken,
} from "./enrolment-token.ts";
export { type LogLine, type LogLines, logRecent } from "./log-methods-schema.ts";
export { type WorkerVitals, workerVitals } from "./vitals-methods-schema.ts";
export { type DoctorFinding, type DoctorFindings, workerDoctor } from "./doctor-methods-schema.ts";
export {
  entitlementEnds,
  entitlementFault,
  type EntitlementJudge,
  type EntitlementTerm,
  entitlementTerm,
  entitlementToleranceMs,
  entitlementWarningMs,
  maxEntitlementChars,
  readEntitlement,
  type ReadEntitlement,
  signEntitlement,
} from "./entitlement.ts";
export type { EntitlementDocument } from "./entitlement-schema.ts";
export { type Envelope, type JsonObject, maxMessageBytes, maxMessageDepth, type RpcError } from "./envelope.ts";
export { FleetError, type FleetErrorCode, fleetErrors } from "./errors.ts";
export {
  type FactorCode,
  type FactorOpen,
  type FactorSecret,
  factorBegin,
  factorClear,
  factorConfirm,
  factorShow,
} from "./factor-methods-schema.ts";
export { type Fault, faultOf, faultOfRpcError, RemoteError, rpcErrorOf } from "./fault.ts";
export {
  forward,
  Forwarded,
  ForwardedBody,
  ForwardedResult,
  SessionEnded,
  sessionEnded,
} from "./forward-schema.ts";
export {
  ConfigChanged,
  configChanged,
  ConfigDelivered,
  configFetch,
  ConfigOutcome,
  configOutcome,
  ConfigWanted,
} from "./config-delivery-schema.ts";
export {
  helperBeat,
  helperBye,
  type HelperClaim,
  helperDone,
  helperFail,
  type HelperHello,
  helperHello,
  helperLog,
  type HelperNext,
  helperNext,
  helperOutput,
  helperPayload,
  helperProgress,
  helperProtocols,
  helperRelease,
  type HelperTask,
  helperTokenCreate,
  helperTokenList,
  helperTokenRevoke,
  type HelperTokenRow,
  type HelperWelcome,
  type HelperWord,
  maxHelperWaitMs,
  maxPieceBytes,
} from "./helper-methods-schema.ts";
export { Heartbeat, HeartbeatAnswer, heartbeat } from "./heartbeat-schema.ts";
export { includesLevel, isLevel, type Level, levels, lowerLevel } from "./levels.ts";
export { type ConversationLimits, conversationLimits } from "./limits.ts";
export {
  type CallContext,
  type Caller,
  type CallRequest,
  type Aside,
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
export { workerFingerprint } from "./worker-fingerprint.ts";
export { isProof, isWorkerKey, type ProofClaims, signProof, workerKey, workerKeyText } from "./registration-proof.ts";
export type { CallOptions } from "./own-calls.ts";
export {
  apiVersion,
  Bye,
  bye,
  Challenge,
  challenge,
  Hello,
  hello,
  register,
  Registered,
  Registration,
  workerMode,
  workerState,
} from "./registration-schema.ts";
export {
  type AnswerHeader,
  answerHeaders,
  httpManagement,
  type HttpMethod,
  httpMethods,
  httpOpen,
  httpSocket,
  managementService,
  type OwnPageWanted,
  type PageAsked,
  PageHead,
  type PageWanted,
  type RequestHeader,
  requestHeaders,
  type SocketOpened,
  type SocketWanted,
} from "./http-streams-schema.ts";
export {
  decodeSocketMessages,
  encodeSocketMessage,
  maxSocketMessageBytes,
  type SocketMessage,
} from "./socket-messages.ts";
export { hearWords, sayWords } from "./stream-words.ts";
export { nestsDeeper } from "./json-depth.ts";
export {
  noticesSubscribe,
  type NoticesWanted,
  noticeTopic,
  type NoticeTopic,
} from "./notices-methods-schema.ts";
export {
  type NewPassword,
  passwordClear,
  type PasswordLogin,
  passwordLogin,
  passwordLogout,
  type PasswordSession,
  passwordSet,
  type SessionsEnded,
} from "./password-methods-schema.ts";
export {
  maxToldParamsChars,
  maxUnitsPerBatch,
  UnitNews,
  UnitsChanged,
  unitsChanged,
  UnitsKnown,
  unitsKnown,
} from "./unit-news-schema.ts";
export {
  maxDetailChars,
  maxUnitsPerPage,
  type Requester,
  type UnitDetails,
  type UnitEnded,
  type UnitNamed,
  unitsCancel,
  unitsList,
  type UnitsPage,
  unitsRelease,
  unitsStatus,
  type UnitSummary,
  type UnitsWanted,
  type UnitToRelease,
} from "./units-methods-schema.ts";
export {
  type Accepted,
  switchesGet,
  switchesSet,
  type SwitchesWanted,
  switchName,
  type SwitchName,
  type SwitchStates,
  workerDrain,
  workerRestart,
  workerStatus,
  type WatcherStatus,
  type WorkerStatus,
  workerStop,
} from "./worker-methods-schema.ts";
export {
  OutputFollows,
  OutputWanted,
  UnitMade,
  type UnitTaken,
  UnitWanted,
  unitsResults,
  unitsSubmit,
} from "./unit-streams-schema.ts";
export { readTold } from "./told.ts";
export { type OpenedTools, toolsDescribe } from "./tools-methods-schema.ts";
