/**
 * What is wrong with a worker's set-up, and what to send to whoever helps (spec CAT §12). Start at {@link diagnose}; no
 * service is needed, and nothing is changed.
 */
export { diagnose, failures, lookAll, type Patient } from "./doctor.ts";
export type { DoctorFacts, Finding } from "./finding.ts";
export { type SupportOptions, writeSupport } from "./support.ts";
