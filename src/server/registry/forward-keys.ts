import { assertionKey } from "#fleet";
import { ServerError } from "../errors.ts";

interface ForwardKey {
  readonly epoch: number;
  readonly key: Buffer;
}

/**
 * Keys made of the workers' forward secrets (CAT-37): in this memory and nowhere else, neither stored nor sealed. After
 * a restart none is known, and each worker that is asked for something registers again.
 */
export class ForwardKeys {
  readonly #keys = new Map<string, ForwardKey>();

  /** The secret itself is not kept. One of an earlier registration that comes late changes nothing. */
  set(workerId: string, epoch: number, secret: Uint8Array): void {
    const known = this.#keys.get(workerId);
    if (known === undefined || known.epoch < epoch) this.#keys.set(workerId, { epoch, key: assertionKey(secret) });
  }

  /** What to sign assertions for the worker with. @throws {ServerError} EPOCH_UNKNOWN. */
  get(workerId: string): ForwardKey {
    const known = this.#keys.get(workerId);
    if (!known) throw new ServerError("EPOCH_UNKNOWN", `unknown epoch: the worker ${workerId} has to register again`);
    return known;
  }

  forget(workerId: string): void {
    this.#keys.delete(workerId);
  }
}
