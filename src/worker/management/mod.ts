/**
 * How one worker is managed: its method table, the carriers that bring calls (Unix socket, HTTPS, WebSocket), and who may
 * do how much (spec CAT §2, §3). Start at {@link openManagement}.
 */
export { type Management, type ManagementOptions, openManagement } from "./management.ts";
export type { AccessRules, Entitlement } from "./may-connect.ts";
export type { AssertedUser } from "./visitor.ts";
export type { WorkerFacts } from "./worker-methods.ts";
