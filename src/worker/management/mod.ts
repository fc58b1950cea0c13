/**
 * How one worker is managed: its method table, the carriers that bring calls (Unix socket, HTTPS, WebSocket), and who may
 * do how much (spec CAT §2, §3). Start at {@link openManagement}.
 */
export { Access } from "./access.ts";
export type { CheckAssertion } from "./http-visitor.ts";
export { type ApiSettings, type Management, type ManagementOptions, openManagement } from "./management.ts";
export {
  type AccessRules,
  type Carrier,
  type Credential,
  type Entitlement,
  levelOfRoles,
  mayConnect,
  type RemoteFeature,
  type Verdict,
} from "./may-connect.ts";
export { type Notices, noticingLog } from "./notices.ts";
export type { SocketPlace } from "./socket-place.ts";
export { switchedWork, type SwitchedNode } from "./switched-work.ts";
export { type Switches, switchNames } from "./switches.ts";
export { type AssertedUser, Visitor, visitorOf } from "./visitor.ts";
export type { Lifecycle, WorkerFacts } from "./worker-methods.ts";
