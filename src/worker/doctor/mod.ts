/**
 * What is wrong with a worker's set-up, and what to send to whoever helps (spec CAT §12). Start at {@link diagnose}; no
 * service is needed, and nothing is changed.
 */
export { type ConnectFacts, type ConnectHint, connectHints } from "./connect-hints.ts";
export { diagnose, failures, type Patient } from "./doctor.ts";
export type { Finding } from "./finding.ts";
export { type SupportOptions, writeSupport } from "./support.ts";
