import type { Duplex } from "node:stream";
import type { WorkSignatures } from "../signature/signatures.ts";

/**
 * Opens a stream to a service of a node: `dial` of the mesh's stream engines.
 *
 * @throws what the mesh throws; an error with the code `TLS_REFUSED` is about certificates.
 */
export type Dial = (
  node: string,
  service: string,
  options: { readonly tls?: string | undefined; readonly signal?: AbortSignal | undefined },
) => Promise<Duplex>;

/** What work on other nodes needs of the mesh. */
export interface RemoteOptions {
  readonly dial: Dial;
  /** Is there a tls-client profile of this name? */
  readonly hasTlsClient: (name: string) => boolean;
  /**
   * Does a way lead to the node now? When given, a submit to a node without one is answered at once, as are a cancel and
   * a release, and what waits is tried as soon as there is one.
   */
  readonly hasRoute?: ((node: string) => boolean) | undefined;
  readonly signatures?: WorkSignatures | undefined;
}
