import type { Entitlement, RemoteFeature } from "../management/may-connect.ts";

const all: readonly RemoteFeature[] = ["remote.monitor", "remote.operate", "remote.configure"];

/** Everything is on where no policy says otherwise (CAT-96, preset `open`). */
export const openEntitlement: Entitlement = { features: all, isOnlyWorker: false };

/**
 * What the server's policy includes of this worker, as the last heartbeat told it: a login with the service password at the
 * worker's own port passes that gate as well (CAT-25). A server that cannot be reached takes nothing back (CAT-99).
 */
export class ToldEntitlement {
  readonly #needsEntitlement: () => boolean;
  #told: Entitlement | undefined;

  /** @param needsEntitlement whether nothing may be done from elsewhere before the server has said what. */
  constructor(needsEntitlement: () => boolean) {
    this.#needsEntitlement = needsEntitlement;
  }

  get now(): Entitlement {
    return this.#told ?? (this.#needsEntitlement() ? { ...openEntitlement, features: [] } : openEntitlement);
  }

  /** Names that nobody knows count nothing; that a container is alone the server has counted in. */
  tell(features: readonly string[]): void {
    this.#told = { features: all.filter((feature) => features.includes(feature)), isOnlyWorker: false };
  }
}
