import type { Clock } from "#core";
import type { ConfigDelivered, ConfigOutcome, ConfigWanted } from "#fleet";
import { FleetError } from "#fleet";
import type { Configurations } from "../config/configurations.ts";
import type { Rollouts } from "../config/rollouts.ts";
import { configLabel } from "../registry/labels.ts";
import type { Registry } from "../registry/registry.ts";
import { configOutcomeOf, storeConfigOutcome } from "../store/config-outcomes.ts";
import type { Store } from "../store/store.ts";

export interface ConfigDeliveryOptions {
  readonly store: Store;
  readonly registry: Pick<Registry, "find" | "note">;
  readonly configurations: Pick<Configurations, "deliver">;
  readonly rollouts: Pick<Rollouts, "versionFor" | "look">;
  /** Told when it is another outcome than before, with the configuration's name. */
  readonly reported?: (name: string) => void;
  readonly clock: Pick<Clock, "now">;
}

/**
 * Gives workers the configuration that is theirs: the one an administrator named in the label `farhand/config`. What a
 * worker says does not count, for a configuration holds secrets. Which version, a roll-out may decide (CAT-80).
 */
export class ConfigDelivery {
  readonly #options: ConfigDeliveryOptions;

  constructor(options: ConfigDeliveryOptions) {
    this.#options = options;
  }

  async fetch(workerId: string, { have }: ConfigWanted): Promise<ConfigDelivered> {
    const { registry, configurations, rollouts } = this.#options;
    const { labels } = await registry.find(workerId);
    const name = labels[configLabel];
    if (name === undefined) return { state: "none" };
    try {
      // In this order: a roll-out that begins in between must not make its version the newest for those it leaves out.
      const newest = await configurations.deliver(name);
      const wanted = await rollouts.versionFor(name, workerId);
      const isNewest = wanted === undefined || wanted === newest.version;
      const { version, document } = isNewest ? newest : await configurations.deliver(name, wanted);
      return version === have ? { state: "same" } : { state: "new", name, version, document };
    } catch (error) {
      if (error instanceof FleetError && error.code === "CONFIG_NOT_FOUND") return { state: "none" };
      throw error;
    }
  }

  /** It is kept, and stands among the worker's events; said again it changes nothing. */
  async report(workerId: string, said: ConfigOutcome): Promise<void> {
    const { store, registry, rollouts, clock } = this.#options;
    const { labels } = await registry.find(workerId);
    const name = labels[configLabel];
    if (name === undefined) return;
    const { version, outcome, detail } = said;
    const before = await configOutcomeOf(store.db, workerId);
    const own = before?.name === name ? before : undefined;
    if (own?.version === version && own.outcome === outcome && own.detail === detail) return;
    const running = said.running ?? (outcome === "failed" ? (own?.running ?? 0) : version);
    const now = { worker_id: workerId, name, version, outcome, detail, running, at: clock.now() };
    await storeConfigOutcome(store.db, now);
    const why = detail === "" ? "" : `: ${detail}`;
    await registry.note(workerId, `configuration version ${version} ${outcome}${why}`);
    this.#options.reported?.(name);
    await rollouts.look();
  }
}
