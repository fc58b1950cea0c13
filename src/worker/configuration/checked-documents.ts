import type { JsonObject } from "#core";
import { type ConfigFault, markSecrets, openSecrets, sealSecrets } from "#fleet";
import type { ConfigurationChecks } from "./configuration.ts";
import { type Configured, configurationFrom, type Effective, type Sources } from "./effective.ts";
import type { LocalSeal } from "./local-seal.ts";

/** A document that may be used, and as it is kept: secrets sealed. */
export interface CheckedDocument {
  readonly stored: JsonObject;
  readonly effective: Effective;
}

/** Either it may be used, or this is wrong with it. */
export type Checked = CheckedDocument | { readonly faults: readonly ConfigFault[] };

export interface CheckedDocumentsOptions extends Pick<Sources, "machine" | "environment" | "follow"> {
  readonly checks: ConfigurationChecks;
}

/** Documents of a file on their way in and out: their secrets sealed and opened, and the first two depths of checks. */
export class CheckedDocuments {
  readonly #options: CheckedDocumentsOptions;
  readonly #seal: LocalSeal;

  constructor(options: CheckedDocumentsOptions, seal: LocalSeal) {
    this.#options = options;
    this.#seal = seal;
  }

  /** As it is kept; secrets that are only said to be set are those of `previous`. @throws {FleetError} CONFIG_SECRET. */
  sealed(document: JsonObject, previous: JsonObject): JsonObject {
    return sealSecrets(markSecrets(document), previous, (text) => this.#seal.seal(text));
  }

  /** As in the file: the values of secrets marked as such. @throws {WorkerError} CONFIG_SEALED. */
  opened(stored: JsonObject): JsonObject {
    return openSecrets(stored, (sealed) => this.#seal.open(sealed));
  }

  /** The first two depths (CAT-76), on the document as it would be kept. */
  check(stored: JsonObject): Checked {
    const { machine, environment, follow, checks } = this.#options;
    const source = { source: "file", document: this.opened(stored) } as const;
    const configured = configurationFrom({ machine, document: source, environment, follow });
    if (configured.state === "misconfigured") return configured;
    const faults = checks.faults(configured.effective);
    return faults.length > 0 ? { faults } : { stored, effective: configured.effective };
  }

  /** Nothing is written: the environment alone may make a configuration, else the worker is unconfigured (CAT-12). */
  withoutFile(): Configured | { readonly state: "none" } {
    const { machine, environment, follow } = this.#options;
    if (environment.overrides.length === 0 && environment.faults.length === 0) return { state: "none" };
    return configurationFrom({ machine, environment, follow });
  }
}
