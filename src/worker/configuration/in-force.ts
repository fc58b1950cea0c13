import { errorText, type JsonObject, type Log } from "#core";
import { type ConfigFault, valueAtKey, withKey } from "#fleet";
import type { ApplyChanges } from "./configuration.ts";
import { changesBetween, type Effective, type PendingChange } from "./effective.ts";

/** What the worker goes by, and what of the written configuration waits (CAT-5). */
export class InForce {
  readonly #apply: ApplyChanges;
  readonly #log: Log;
  #running: Effective | undefined;
  #written: Effective | undefined;
  #hasBegun = false;

  constructor(apply: ApplyChanges, log: Log) {
    this.#apply = apply;
    this.#log = log;
  }

  get running(): Effective | undefined {
    return this.#running;
  }

  get pending(): PendingChange[] {
    return this.#running && this.#written ? changesBetween(this.#running, this.#written) : [];
  }

  /** The worker starts from what was accepted until now; from here on changes are applied. */
  begin(): void {
    this.#hasBegun = true;
  }

  /**
   * The live keys hold from now on; the rest waits. Gives what went wrong. Before {@link begin}, and where nothing held
   * until now, all of it holds.
   */
  async accept(written: Effective): Promise<ConfigFault[]> {
    this.#written = written;
    const before = this.#hasBegun ? this.#running : undefined;
    const live = before ? changesBetween(before, written).filter(({ applies }) => applies === "live") : [];
    if (before && live.length === 0) return [];
    this.#running = before ? withKeysOf(before, written, live) : written;
    return this.#hasBegun ? await this.#applied(this.#running, live) : [];
  }

  async #applied(running: Effective, changes: readonly PendingChange[]): Promise<ConfigFault[]> {
    try {
      await this.#apply(running, changes);
      return [];
    } catch (error) {
      const reason = `cannot be put into force: ${errorText(error)}`;
      this.#log.warn(`configuration: ${changes.map(({ path }) => path).join(", ")} ${reason}`);
      return changes.length === 0 ? [{ path: "", reason }] : changes.map(({ path }) => ({ path, reason }));
    }
  }
}

function withKeysOf(before: Effective, next: Effective, keys: readonly PendingChange[]): Effective {
  // Resolved values are no JSON, but sections and keys are the same.
  let values = before.values as unknown as JsonObject;
  const sources = new Map(before.sources);
  for (const { path } of keys) {
    values = withKey(values, path, valueAtKey(next.values as unknown as JsonObject, path));
    sources.set(path, next.sources.get(path) ?? "default");
  }
  const document = before.document.withKeysOf(
    next.document,
    keys.map(({ path }) => path),
  );
  return { document, values: values as unknown as Effective["values"], sources };
}
