/**
 * Shapes of what server and worker say to each other, for programs without I/O: browsers, tests. Types, and the levels.
 */
export type { Envelope, JsonObject, RpcError } from "./envelope.ts";
export type { Fault } from "./fault.ts";
export type { Heartbeat, HeartbeatAnswer } from "./heartbeat-schema.ts";
export { includesLevel, isLevel, type Level, levels, lowerLevel } from "./levels.ts";
export type { Bye, Hello, Registered, Registration } from "./registration-schema.ts";
