/**
 * A worker as a service: from its configuration, with its server when it has one, and managed. Start at
 * {@link startService}; {@link joinServer} makes it a server's.
 */
export { joinServer, type JoinWish } from "./join-server.ts";
export { reapOrphans } from "./orphans.ts";
export { type ServiceOptions, startService, type WorkerService } from "./service.ts";
