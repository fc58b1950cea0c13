import type { ConfigDelivered, ConfigOutcome, ConfigWanted } from "#fleet";
import { FleetError } from "#fleet";
import type { Configurations } from "../config/configurations.ts";
import { configLabel } from "../registry/labels.ts";
import type { Registry } from "../registry/registry.ts";

export interface ConfigDeliveryOptions {
  readonly registry: Pick<Registry, "find" | "note">;
  readonly configurations: Pick<Configurations, "deliver">;
}

/**
 * Gives workers the configuration that is theirs: the one an administrator named in the label `farhand/config`. What a
 * worker says does not count, for a configuration holds secrets.
 */
export class ConfigDelivery {
  readonly #options: ConfigDeliveryOptions;

  constructor(options: ConfigDeliveryOptions) {
    this.#options = options;
  }

  async fetch(workerId: string, { have }: ConfigWanted): Promise<ConfigDelivered> {
    const { labels } = await this.#options.registry.find(workerId);
    const name = labels[configLabel];
    if (name === undefined) return { state: "none" };
    try {
      const { version, document } = await this.#options.configurations.deliver(name);
      return version === have ? { state: "same" } : { state: "new", name, version, document };
    } catch (error) {
      if (error instanceof FleetError && error.code === "CONFIG_NOT_FOUND") return { state: "none" };
      throw error;
    }
  }

  /** It stands among the worker's events. */
  async report(workerId: string, { version, outcome, detail }: ConfigOutcome): Promise<void> {
    const why = detail === "" ? "" : `: ${detail}`;
    await this.#options.registry.note(workerId, `configuration version ${version} ${outcome}${why}`);
  }
}
