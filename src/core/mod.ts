/**
 * What every room stands on: errors, time, closing, lines, locks, durations, TLS profiles, logs.
 *
 * A thing lives here only when two rooms use it and it has a name that is a concept.
 */
export { type Clock, steadyClock, systemClock } from "./clock.ts";
export { type Closable, Closers } from "./closers.ts";
export { formatGoDuration, parseGoDuration } from "./durations.ts";
export { type ErrorEntry, type ErrorTable, errorText, exitOfStatus, FarhandError, systemCode } from "./errors.ts";
export { makeFolders } from "./folders.ts";
export { canonicalJson, isJsonObject, isList, type Json, type JsonObject } from "./json.ts";
export { Gate, type GateOptions } from "./gate.ts";
export {
  areLocking,
  firstGuessDelayMs,
  type GuessingRule,
  guessWaitMs,
  passwordGuessing,
} from "./guessing.ts";
export { type CFunction, libc } from "./libc.ts";
export { type Log, type LogFormat, type LogLevel, openLog, silentLog } from "./log.ts";
export { type FileLock, lockFile, tryLockFile } from "./lock.ts";
export { LineReader } from "./lines.ts";
export {
  type TlsClientProfile,
  type TlsMaterial,
  type TlsServerProfile,
  tlsClientOptions,
  tlsServerOptions,
} from "./tls.ts";
export { TlsProfileError, tlsErrors } from "./tls-errors.ts";
export { plainTlsText, tlsClientFault } from "./tls-client-fault.ts";
export { parseFingerprints, pinnedFault, refuseTlsClient, refuseTlsServer } from "./tls-pins.ts";
export {
  followTlsSource,
  type TlsClientSource,
  type TlsServerSource,
  tlsClientSource,
  tlsServerSource,
} from "./tls-source.ts";
export { remedies, remediesThroughServer, remedyThroughServer } from "./remedies.ts";
export { Secret } from "./secret.ts";
export { formatSize, parseSize } from "./sizes.ts";
export { Site, type SiteOptions, sitePolicy } from "./site.ts";
export { notifySupervisor, type SupervisorNews } from "./supervisor.ts";
export { timeLimit } from "./time-limit.ts";
export { newTotpSecret, totpCode, totpStep, totpText, totpUri } from "./totp.ts";
export { isWellKnownPassword } from "./well-known-passwords.ts";
