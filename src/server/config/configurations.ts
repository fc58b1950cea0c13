import { createHash } from "node:crypto";
import { canonicalJson, type Clock, type JsonObject, systemClock } from "#core";
import {
  type ConfigChange,
  ConfigStaleError,
  diff,
  FleetError,
  keptVersions,
  openSecrets,
  redactSecrets,
  requireBounded,
  requireConfigName,
  type Sealer,
  sealSecrets,
  threeWayDiff,
} from "#fleet";
import type { AuditTrail } from "../audit/audit.ts";
import { ServerError } from "../errors.ts";
import type { PresenceState } from "../registry/presence.ts";
import { openRollout } from "../store/config-rollouts.ts";
import type { Store } from "../store/store.ts";
import type { ConfigRolloutTable, WorkerConfigTable } from "../store/tables.ts";
import {
  activeWorkerConfig,
  activeWorkerConfigs,
  insertWorkerConfig,
  workerConfig,
  workerConfigs,
  type WorkerConfigVersion,
  type WithRollout,
} from "../store/worker-configs.ts";
import { chooseCanaries } from "./choose-canaries.ts";
import { usersOfConfig } from "./config-users.ts";
import { reachChanges } from "./reach.ts";
import type { CanaryPlan, Rollout } from "./rollout.ts";

export { ConfigStaleError } from "#fleet";

const maxToldChars = 16_384;

/** A version of a configuration, as lists show it. */
export interface ConfigVersion {
  readonly name: string;
  readonly version: number;
  /** Of the document as it is stored, hex: equal documents with equal secrets have the same. */
  readonly sha256: string;
  readonly schemaVersion: number;
  /** User id. */
  readonly author: string;
  readonly comment: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** A version with its document, secrets shown as `{"$secret":"set"}`. */
export interface Config extends ConfigVersion {
  readonly document: JsonObject;
}

/** A version and what it changed of the one before; the oldest one that is kept says nothing of that. */
export interface ConfigHistory extends ConfigVersion {
  readonly changes: readonly ConfigChange[] | null;
}

/** A document and from which version it was made. */
export interface ConfigWrite {
  readonly document: JsonObject;
  /** Version the document was made from, 0: there was none. Required (CAT-72). */
  readonly ifMatch: number | undefined;
  readonly comment?: string;
  /** It comes to some workers first; without this to all at once (CAT-80). */
  readonly canary?: CanaryPlan | undefined;
}

/** A document as it would be written now. */
export interface ConfigDraft {
  /** Secrets shown as set. */
  readonly document: JsonObject;
  /** What of it decides how workers are reached, and is another than in the version in force. */
  readonly reach: readonly string[];
  /** Of the version in force, 0: there is none. */
  readonly version: number;
}

/** A version that is about to be written. */
interface NewVersion extends WithRollout {
  /** Secrets sealed. */
  readonly stored: JsonObject;
  readonly before: JsonObject;
  readonly version: number;
  readonly comment: string;
}

export interface ConfigurationsOptions {
  readonly store: Store;
  readonly audit: AuditTrail;
  readonly sealer: Sealer;
  /** Throws when a document is not valid; secrets are shown as set. */
  readonly validate: (document: JsonObject) => void;
  /** Of the documents that `validate` takes. */
  readonly schemaVersion: number;
  /** Told of each new version. */
  readonly changed?: (name: string, version: number) => void;
  /** How a connected worker is now; the database may be behind. */
  readonly presence?: { state(workerId: string): PresenceState | undefined };
  readonly clock?: Pick<Clock, "now">;
}

/** Configurations that the server holds for workers, by name (CAT-77). */
export class Configurations {
  readonly #options: ConfigurationsOptions;
  readonly #clock: Pick<Clock, "now">;

  constructor(options: ConfigurationsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The version in force, or an old one. @throws {FleetError} CONFIG_NOT_FOUND. */
  async get(name: string, version?: number): Promise<Config> {
    return shown(await this.#found(name, version));
  }

  /** For workers and nobody else: a version (the one in force) with its secrets. @throws {FleetError} CONFIG_NOT_FOUND. */
  async deliver(name: string, version?: number): Promise<Config> {
    const row = await this.#found(name, version);
    const open = (sealed: Uint8Array): string =>
      Buffer.from(this.#options.sealer.open(sealed, placeOf(name))).toString();
    return { ...versionOf(row), document: openSecrets(documentOf(row), open) };
  }

  /** The versions in force of all names. */
  async list(): Promise<ConfigVersion[]> {
    return (await activeWorkerConfigs(this.#options.store.db)).map(versionOf);
  }

  /** The last 20 versions, the newest first, with what each changed (CAT-74). */
  async history(name: string): Promise<ConfigHistory[]> {
    const rows = await workerConfigs(this.#options.store.db, name);
    return rows.map((row, n) => {
      const before = rows[n + 1];
      const first = row.version === 1 ? {} : undefined;
      const old = before ? documentOf(before) : first;
      return { ...versionOf(row), changes: old ? diff(old, documentOf(row)) : null };
    });
  }

  /**
   * Write a new version and put it in force, or let it begin with some workers.
   *
   * @throws {FleetError} CONFIG_IF_MATCH, CONFIG_STALE (a {@link ConfigStaleError}), CONFIG_INVALID, CONFIG_SECRET, and
   * whatever `validate` throws. @throws {ServerError} ROLLOUT_OPEN, CANARY_NONE.
   */
  async put(name: string, write: ConfigWrite, actor: string): Promise<Config> {
    const { document, ifMatch, comment = "", canary } = write;
    requireConfigName(name);
    requireBounded(document, comment);
    if (ifMatch === undefined)
      throw new FleetError("CONFIG_IF_MATCH", `say from which version of ${name} the document was made`);
    const active = await activeWorkerConfig(this.#options.store.db, name);
    if ((active?.version ?? 0) !== ifMatch) throw await this.#stale(name, ifMatch, document);
    await this.#requireNoRollout(name);
    const before = active ? documentOf(active) : {};
    const stored = this.#sealed(name, document, before);
    this.#options.validate(redactSecrets(stored) as JsonObject);
    const version = ifMatch + 1;
    const begins = canary && (await this.#rollout(name, version, canary, actor));
    return await this.#write(name, { stored, before, version, comment, begins }, actor, () =>
      this.#stale(name, ifMatch, document),
    );
  }

  /**
   * A document as it would be written now. It is not, and it is not validated.
   *
   * @throws {FleetError} CONFIG_INVALID when it is too large, CONFIG_SECRET, which knows its place.
   */
  async draft(name: string, document: JsonObject): Promise<ConfigDraft> {
    requireBounded(document, "");
    const active = await activeWorkerConfig(this.#options.store.db, name);
    const before = active ? documentOf(active) : {};
    const stored = this.#sealed(name, document, before);
    const version = active?.version ?? 0;
    return { document: redactSecrets(stored) as JsonObject, reach: reachChanges(before, stored), version };
  }

  /**
   * An old version as a new one (CAT-74), its secrets as they were.
   *
   * @throws {FleetError} CONFIG_NOT_FOUND, CONFIG_STALE, and whatever `validate` throws: rules may have changed since.
   * @throws {ServerError} ROLLOUT_OPEN.
   */
  async rollback(name: string, version: number, ifMatch: number, actor: string): Promise<Config> {
    const old = documentOf(await this.#found(name, version));
    const active = await this.#found(name);
    const stale = async (): Promise<ConfigStaleError> => {
      const now = await this.#found(name);
      return new ConfigStaleError(name, now.version, threeWayDiff(documentOf(active), documentOf(now), old));
    };
    if (active.version !== ifMatch) throw await stale();
    await this.#requireNoRollout(name);
    this.#options.validate(redactSecrets(old) as JsonObject);
    const write = { stored: old, before: documentOf(active), version: ifMatch + 1, comment: `as version ${version}` };
    return await this.#write(name, write, actor, stale);
  }

  /**
   * End a roll-out with the version before it, as a new one: all workers go by that, and who has the other one leaves it.
   * It was in force, and is not looked at again. @returns false: the roll-out has ended already.
   */
  async takeBack(
    { name, version, base }: Pick<Rollout, "name" | "version" | "base">,
    { state, reason }: { readonly state: "aborted" | "failed"; readonly reason: string },
    actor: string,
  ): Promise<boolean> {
    const stored = documentOf(await this.#found(name, base));
    const before = documentOf(await this.#found(name, version));
    const ends = { name, version, state, reason, changed_at: this.#clock.now() };
    const comment = `as version ${base}: the roll-out of version ${version} ${state}: ${reason}`.slice(0, 1_000);
    const late = new ServerError("ROLLOUT_NONE", `the roll-out of ${name}@${version} has ended`);
    try {
      await this.#write(name, { stored, before, version: version + 1, comment, ends }, actor, () =>
        Promise.resolve(late),
      );
    } catch (error) {
      if (error === late) return false;
      throw error;
    }
    const action = state === "failed" ? "config.rollout.failed" : "config.rollout.abort";
    await this.#options.audit.record(actor, action, name, { version, why: reason.slice(0, 1_000) });
    return true;
  }

  async #requireNoRollout(name: string): Promise<void> {
    const open = await openRollout(this.#options.store.db, name);
    if (!open) return;
    const { version, state } = open;
    throw new ServerError(
      "ROLLOUT_OPEN",
      `version ${version} of ${name} is being rolled out (${state}): wait for it, finish it or abort it first (CAT-80)`,
    );
  }

  async #rollout(name: string, version: number, plan: CanaryPlan, author: string): Promise<ConfigRolloutTable> {
    const { store, presence } = this.#options;
    const base = version - 1;
    if (base === 0)
      throw new ServerError("CANARY_NONE", `${name} has no version yet: there is none that the others could keep`);
    const isOnline = ({ id, state }: { readonly id: string; readonly state: string }): boolean =>
      (presence?.state(id)?.state ?? state) === "online";
    const canaries = chooseCanaries(name, await usersOfConfig(store, name), isOnline, plan);
    const now = this.#clock.now();
    return {
      ...{ name, version, base, author, state: "canary", reason: "" },
      plan: JSON.stringify(plan),
      canaries: JSON.stringify(canaries.map(({ id }) => id)),
      ...{ created_at: now, changed_at: now },
    };
  }

  async #write(
    name: string,
    { stored, before, version, comment, begins, ends }: NewVersion,
    actor: string,
    stale: () => Promise<Error>,
  ): Promise<Config> {
    const { store, audit, schemaVersion } = this.#options;
    const body = canonicalJson(stored);
    const row = { name, version, body, schema_version: schemaVersion, author: actor, comment };
    const dated = { ...row, sha256: sha256(body), created_at: this.#clock.now() };
    if (!(await insertWorkerConfig(store.db, dated, keptVersions, { begins, ends }))) throw await stale();
    const changes = diff(before, stored).map(({ path }) => path);
    const first = begins ? { canaries: JSON.parse(begins.canaries) as string[] } : {};
    await audit.record(actor, "config.put", name, { version, comment, changes: toldChanges(changes), ...first });
    this.#options.changed?.(name, version);
    return shown(dated);
  }

  #sealed(name: string, document: JsonObject, previous: JsonObject): JsonObject {
    return sealSecrets(document, previous, (value) => this.#options.sealer.seal(Buffer.from(value), placeOf(name)));
  }

  async #stale(name: string, ifMatch: number, document: JsonObject): Promise<ConfigStaleError> {
    const { db } = this.#options.store;
    const active = await activeWorkerConfig(db, name);
    const theirs = active ? documentOf(active) : {};
    const base = await workerConfig(db, name, ifMatch);
    // The version it was made from may be forgotten: then all that differs is shown.
    const from = base ? documentOf(base) : {};
    const yours = this.#sealed(name, document, base ? from : theirs);
    return new ConfigStaleError(name, active?.version ?? 0, threeWayDiff(from, theirs, yours));
  }

  async #found(name: string, version?: number): Promise<WorkerConfigTable> {
    const { db } = this.#options.store;
    const row = await (version === undefined ? activeWorkerConfig(db, name) : workerConfig(db, name, version));
    if (row) return row;
    const which = version === undefined ? "" : ` at version ${version}`;
    throw new FleetError("CONFIG_NOT_FOUND", `there is no configuration ${name}${which}`);
  }
}

function shown(row: WorkerConfigTable): Config {
  return { ...versionOf(row), document: redactSecrets(documentOf(row)) as JsonObject };
}

function documentOf({ body }: WorkerConfigTable): JsonObject {
  return JSON.parse(body) as JsonObject;
}

function versionOf(row: WorkerConfigVersion): ConfigVersion {
  const { name, version, sha256: hash, author, comment } = row;
  return { name, version, sha256: hash, schemaVersion: row.schema_version, author, comment, createdAt: row.created_at };
}

/** What fits into a row of the audit: it must not be that nobody reads of a change because it was a large one. */
function toldChanges(paths: readonly string[]): string[] {
  let chars = 0;
  const told = paths.filter((path) => (chars += path.length + 3) <= maxToldChars);
  return told.length < paths.length ? [...told, `and ${paths.length - told.length} more`] : told;
}

/** Sealed values of one configuration do not open in another. */
function placeOf(name: string): string {
  return `worker-config/${name}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
