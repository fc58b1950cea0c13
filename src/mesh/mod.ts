/**
 * The mesh: named nodes that reach one another over any set of roads.
 *
 * Start at {@link openMesh}, give it roads ({@link makeBackend}, {@link Mesh.addBackend}), and talk: {@link Mesh.dial} and
 * {@link Mesh.listen} for byte streams, {@link splice} to join one to something else, {@link openProxy} for whole services.
 * Routing, packets and streams stay inside this room.
 *
 * Certificates of its nodes: {@link makeAuthority}, {@link makeRequest}, {@link signRequest}; the profiles that hold them:
 * {@link tlsProfiles}.
 */
export { type QueueMessage, sendToQueue } from "./backend/amqp/queue-message.ts";
export type { Backend, OpenBackend } from "./backend/backend.ts";
export { outwardAgent } from "./backend/proxy-agent.ts";
export { makeBackend, makeWebSocketGuest, type RoadSettings } from "./backend/road.ts";
export type { WebSocketGuest, WebSocketGuestSettings } from "./backend/websocket/guest.ts";
export { makeAuthority } from "./certificate/authority.ts";
export { type Authority, type Holder, issueCertificate } from "./certificate/issue.ts";
export { type CheckedProfile, checkProfileNames } from "./certificate/profile-names.ts";
export { type TlsProfiles, tlsProfiles } from "./certificate/profiles.ts";
export { makeRequest } from "./certificate/request.ts";
export { signRequest } from "./certificate/sign.ts";
export type { PingReply } from "./datagram/ping.ts";
export { MeshError, type MeshErrorCode, meshErrors } from "./errors.ts";
export { type Mesh, type MeshOptions, openMesh } from "./mesh.ts";
export { parseFirewallRules } from "./packet/firewall.ts";
export { textMatch } from "./packet/pattern/text-match.ts";
export { checkServiceName } from "./packet/service-name.ts";
export type { LinkTerms } from "./routing/link.ts";
export { openProxy, type ProxySettings } from "./service/open-proxy.ts";
export {
  runSimulation,
  simulatedFaults,
  type SimulationReport,
  type SimulationSettings,
} from "./simulator/run-simulation.ts";
export { splice } from "./stream/splice.ts";
export type { MeshStream } from "./stream/stream.ts";
