/**
 * What every room stands on: errors, time, closing, lines, locks, durations, TLS profiles, logs.
 *
 * A thing lives here only when two rooms use it and it has a name that is a concept.
 */
export { type Clock, systemClock } from "./clock.ts";
export { type Closable, Closers } from "./closers.ts";
export { type ErrorEntry, type ErrorTable, errorText, FarhandError, systemCode } from "./errors.ts";
export { type FileLock, lockFile, tryLockFile } from "./lock.ts";
