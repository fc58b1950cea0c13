import { readFileSync } from "node:fs";
import { errorText, isJsonObject, type Json, type JsonObject, type Log, systemCode } from "#core";
import {
  type ConfigCompared,
  type ConfigEffective,
  type ConfigFault,
  type ConfigGot,
  type ConfigValidated,
  type ConfigWritten,
  markSecrets,
  redactSecrets,
} from "#fleet";
import { WorkerError } from "../errors.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import type { ApplyChanges, Configuration, ConfigurationChecks, VersionShown } from "./configuration.ts";
import { type Configured, configurationFrom, type Effective, effectiveValues, type Sources } from "./effective.ts";
import { InForce } from "./in-force.ts";

export interface CloudConfigurationOptions extends Pick<Sources, "machine" | "environment" | "follow"> {
  /** Name under which the server holds it. */
  readonly name: string;
  /** Where the last one that worked is kept, 0600; absent: in memory only (CAT-3 needs no disk). */
  readonly cacheFile?: string | undefined;
  readonly checks: ConfigurationChecks;
  readonly apply: ApplyChanges;
  readonly log: Log;
}

/** A version as the server hands it to workers: secrets in it are opened, and marked as such. */
export interface CloudVersion {
  readonly version: number;
  readonly document: JsonObject;
}

/** What became of a version (CAT-79). */
export type CloudOutcome =
  | { readonly outcome: "applied"; readonly version: number }
  | { readonly outcome: "pending"; readonly version: number; readonly applies: "drain" | "restart" }
  | { readonly outcome: "failed"; readonly version: number; readonly reason: string };

/** A configuration that the server holds (CAT-3, CAT-79): the worker takes each version that is sound, and writes none. */
export class CloudConfiguration implements Configuration {
  readonly #options: CloudConfigurationOptions;
  readonly #inForce: InForce;
  #written: Configured | { readonly state: "none" } = { state: "none" };
  #version: CloudVersion = { version: 0, document: {} };

  private constructor(options: CloudConfigurationOptions) {
    this.#options = options;
    this.#inForce = new InForce(options.apply, options.log);
  }

  /** Begins with the last version that worked, if it was kept (CAT-9); else with the environment alone. */
  static async open(options: CloudConfigurationOptions): Promise<CloudConfiguration> {
    const configuration = new CloudConfiguration(options);
    await configuration.#begin();
    return configuration;
  }

  get written(): Configured | { readonly state: "none" } {
    return this.#written;
  }

  get running(): Effective | undefined {
    return this.#inForce.running;
  }

  /** A version came from the server. One that is not sound is refused, and the old one stays. */
  async offer(offered: CloudVersion): Promise<CloudOutcome> {
    const { version } = offered;
    const checked = this.#check(offered);
    if (checked.state === "misconfigured") {
      const [first] = checked.faults;
      const reason = first ? `${first.path}: ${first.reason}` : "it is not valid";
      this.#options.log.warn(`configuration ${this.#options.name}@${version} is not used: ${reason}`);
      if (!this.running) this.#written = checked;
      return { outcome: "failed", version, reason };
    }
    const before = { written: this.#written, version: this.#version };
    this.#take(offered, checked);
    const [failed] = await this.#inForce.accept(checked.effective);
    if (failed) {
      this.#written = before.written;
      this.#version = before.version;
      if (before.written.state === "good") await this.#inForce.accept(before.written.effective);
      return { outcome: "failed", version, reason: `${failed.path}: ${failed.reason}` };
    }
    this.#keep(offered);
    return outcomeOf(version, this.#inForce.pending);
  }

  /** What has become of the version that is here by now. */
  outcome(): CloudOutcome {
    return outcomeOf(this.#version.version, this.#inForce.pending);
  }

  async refresh(): Promise<void> {}

  get(): ConfigGot {
    return {
      place: { kind: "cloud", name: this.#options.name },
      version: this.#version.version,
      document: redactSecrets(markSecrets(this.#version.document)) as JsonObject,
      state: this.#written.state,
      faults: this.#written.state === "misconfigured" ? [...this.#written.faults] : [],
      provisional: null,
    };
  }

  effective(): ConfigEffective {
    const shown = this.#written.state === "good" ? this.#written.effective : this.running;
    return { values: shown ? effectiveValues(shown) : [], pending: this.#inForce.pending };
  }

  async validate(document: JsonObject): Promise<ConfigValidated> {
    const checked = this.#check({ version: this.#version.version + 1, document });
    if (checked.state === "misconfigured") return { faults: [...checked.faults], warnings: [] };
    return { faults: [], warnings: await this.#options.checks.warnings(checked.effective) };
  }

  compare(): ConfigCompared {
    throw this.#elsewhere();
  }

  async put(): Promise<ConfigWritten> {
    throw this.#elsewhere();
  }

  history(): VersionShown[] {
    throw this.#elsewhere();
  }

  async rollback(): Promise<ConfigWritten> {
    throw this.#elsewhere();
  }

  confirm(): void {
    throw this.#elsewhere();
  }

  close(): void {}

  async #begin(): Promise<void> {
    const cached = this.#cached();
    const checked = this.#check(cached ?? this.#version);
    if (checked.state === "misconfigured") this.#written = checked;
    else {
      if (cached)
        this.#options.log.warn(`configuration ${this.#options.name}@${cached.version} is the last that worked`);
      this.#take(cached ?? this.#version, checked);
      await this.#inForce.accept(checked.effective);
    }
    this.#inForce.begin();
  }

  #take(version: CloudVersion, checked: Configured): void {
    this.#version = version;
    this.#written = checked;
  }

  #check({ version, document }: CloudVersion): Configured {
    const { name, machine, environment, follow, checks } = this.#options;
    const source = version === 0 ? undefined : ({ source: `cloud:${name}@${version}`, document } as const);
    const configured = configurationFrom({ machine, document: source, environment, follow });
    if (configured.state === "misconfigured") return configured;
    const faults: readonly ConfigFault[] = checks.faults(configured.effective);
    return faults.length > 0 ? { state: "misconfigured", faults } : configured;
  }

  #cached(): CloudVersion | undefined {
    const { cacheFile, log } = this.#options;
    if (cacheFile === undefined) return undefined;
    try {
      const value = JSON.parse(readFileSync(cacheFile, "utf8")) as Json;
      if (isJsonObject(value) && value.name === this.#options.name && Number.isSafeInteger(value.version))
        if (isJsonObject(value.document)) return { version: value.version as number, document: value.document };
      log.warn(`${cacheFile} holds no version of ${this.#options.name}, and is ignored`);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") log.warn(`${cacheFile} is ignored: ${errorText(error)}`);
    }
    return undefined;
  }

  /** A disk that cannot be written costs the cache, not the version. */
  #keep({ version, document }: CloudVersion): void {
    const { cacheFile, name, log } = this.#options;
    if (cacheFile === undefined) return;
    try {
      writeFileAtomic(cacheFile, JSON.stringify({ name, version, document }), 0o600);
    } catch (error) {
      log.warn(`configuration ${name}@${version} cannot be kept for the next start: ${errorText(error)}`);
    }
  }

  #elsewhere(): WorkerError {
    const { name } = this.#options;
    return new WorkerError("CONFIG_ELSEWHERE", `this worker goes by the server's configuration ${name}: edit it there`);
  }
}

function outcomeOf(version: number, pending: ConfigEffective["pending"]): CloudOutcome {
  if (pending.length === 0) return { outcome: "applied", version };
  const applies = pending.some((change) => change.applies === "restart") ? "restart" : "drain";
  return { outcome: "pending", version, applies };
}
