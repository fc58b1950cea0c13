/**
 * How one worker is managed: its method table, the carriers that bring calls (Unix socket, HTTPS, WebSocket), and who may
 * do how much (spec CAT §2, §3). Start at {@link openManagement}.
 */
export { type ApiSettings, type Management, type ManagementOptions, openManagement } from "./management.ts";
export type { AccessRules, Entitlement } from "./may-connect.ts";
export { noticingLog } from "./notices.ts";
export { switchedWork } from "./switched-work.ts";
export { type AssertedUser, visitorOf } from "./visitor.ts";
export type { Lifecycle, WorkerFacts } from "./worker-methods.ts";
