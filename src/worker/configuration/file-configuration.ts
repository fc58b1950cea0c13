import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  canonicalJson,
  type Clock,
  errorText,
  FarhandError,
  isJsonObject,
  type JsonObject,
  type Log,
  systemClock,
  systemCode,
} from "#core";
import {
  type ConfigCompared,
  type ConfigEffective,
  type ConfigFault,
  type ConfigGot,
  configKey,
  configKeyPaths,
  ConfigStaleError,
  type ConfigValidated,
  type ConfigWritten,
  diff,
  mapSecrets,
  markSecrets,
  redactSecrets,
  requireBounded,
  sealSecrets,
  type ThreeWayChange,
  threeWayDiff,
  valueAtKey,
} from "#fleet";
import { WorkerError } from "../errors.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import type { ApplyChanges, Configuration, ConfigurationChecks, Edit, Editor, VersionShown } from "./configuration.ts";
import { readDocument, writeDocument } from "./document-text.ts";
import {
  type Configured,
  configurationFrom,
  type Effective,
  effectiveValues,
  type PendingChange,
  type Sources,
} from "./effective.ts";
import { type Owners, writableByOthers } from "./file-hygiene.ts";
import { History } from "./history.ts";
import { InForce } from "./in-force.ts";
import { type LocalSeal, localKey, localSeal } from "./local-seal.ts";
import { confirmWithinMs, ProvisionalEdit } from "./provisional.ts";

export interface FileConfigurationOptions extends Pick<Sources, "machine" | "environment" | "follow"> {
  /** `worker.yaml`. */
  readonly file: string;
  /** Permissions of the file: 0600 in session mode, 0640 in system mode. */
  readonly fileMode: number;
  /** Private folder for the key, the history and the edit that waits. */
  readonly folder: string;
  /** In system mode: who may be able to write the file (CAT-10). */
  readonly owners?: Owners | undefined;
  readonly checks: ConfigurationChecks;
  readonly apply: ApplyChanges;
  /** An edit that nobody confirmed has returned (CAT-75); told what of that waits, for a restart may be needed to be back. */
  readonly returned?: ((pending: readonly PendingChange[]) => void) | undefined;
  readonly log: Log;
  readonly clock?: Clock | undefined;
}

/** What stands in the file. */
type Written = Configured | { readonly state: "none" };

const nobody = { state: "none" } as const;

/**
 * A configuration in a file of this machine: `worker.yaml` with a history beside the state (CAT-71 to CAT-76).
 *
 * The file may be edited by hand as well: what {@link refresh} finds new in it becomes a version.
 */
export class FileConfiguration implements Configuration {
  readonly #options: FileConfigurationOptions;
  readonly #clock: Clock;
  readonly #history: History;
  readonly #seal: LocalSeal;
  readonly #provisional: ProvisionalEdit;
  readonly #inForce: InForce;
  #written: Written = nobody;
  /** The document in the file, as far as it can be read, secrets marked. */
  #document: JsonObject | undefined;
  #text: string | undefined;
  /** One edit at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: FileConfigurationOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#history = new History(join(options.folder, "history"), options.log);
    this.#seal = localSeal(localKey(join(options.folder, "configuration.key")));
    this.#provisional = new ProvisionalEdit(join(options.folder, "provisional.json"), this.#clock, options.log);
    this.#inForce = new InForce(options.apply, options.log);
  }

  /**
   * Read the file. One with faults is no error: {@link written} says what is wrong (CAT-9). An edit whose time to be
   * confirmed ran out while nobody was there has returned when this resolves.
   *
   * @throws {WorkerError} CONFIG_UNSAFE, CONFIG_SEALED.
   */
  static async open(options: FileConfigurationOptions): Promise<FileConfiguration> {
    const unsafe = options.owners && writableByOthers(options.file, options.owners);
    if (unsafe) throw new WorkerError("CONFIG_UNSAFE", `the configuration is not safe: ${unsafe}`);
    const configuration = new FileConfiguration(options);
    await configuration.#look();
    await configuration.#resumeProvisional();
    configuration.#inForce.begin();
    return configuration;
  }

  get written(): Written {
    return this.#written;
  }

  get running(): Effective | undefined {
    return this.#inForce.running;
  }

  get(): ConfigGot {
    const { edit } = this.#provisional;
    return {
      place: { kind: "file", path: this.#options.file },
      version: this.#version,
      document: redactSecrets(this.#document ?? {}) as JsonObject,
      state: this.#written.state,
      faults: this.#written.state === "misconfigured" ? [...this.#written.faults] : [],
      provisional: edit ? { version: edit.version, by: edit.by, until: edit.until, back: edit.back } : null,
    };
  }

  effective(): ConfigEffective {
    const shown = this.#written.state === "good" ? this.#written.effective : this.running;
    return { values: shown ? effectiveValues(shown) : [], pending: this.#inForce.pending };
  }

  async validate(document: JsonObject): Promise<ConfigValidated> {
    const checked = this.#check(document);
    if (!("effective" in checked)) return { faults: [...checked.faults], warnings: [] };
    return { faults: [], warnings: await this.#options.checks.warnings(checked.effective) };
  }

  compare(document: JsonObject, base: number): ConfigCompared {
    return { version: this.#version, changes: this.#differences(document, base) };
  }

  put(edit: Edit, editor: Editor): Promise<ConfigWritten> {
    return this.#inTurn(() => this.#put(edit, editor));
  }

  history(): VersionShown[] {
    const { versions } = this.#history;
    return versions.map(({ document, ...version }, n) => {
      const first = version.version === 1 ? {} : undefined;
      const before = versions[n + 1]?.document ?? first;
      return { ...version, changes: before ? diff(before, document) : null };
    });
  }

  /** An old version as a new one, its secrets as they were (CAT-74). */
  rollback(version: number, ifMatch: number, editor: Editor): Promise<ConfigWritten> {
    return this.#inTurn(async () => {
      const old = this.#history.find(version);
      if (!old) throw new WorkerError("CONFIG_REFUSED", `version ${version} is not kept`);
      const document = this.#opened(old.document);
      return await this.#put({ document, ifMatch, comment: `as version ${version}` }, editor);
    });
  }

  confirm(version: number, editor: Editor): void {
    this.#provisional.confirm(version, editor);
    this.#options.log.info(`configuration version ${version} is confirmed`, { by: editor.name });
  }

  refresh(): Promise<void> {
    return this.#inTurn(() => this.#look());
  }

  close(): void {
    this.#provisional.close();
  }

  /** The version it was made from may be forgotten: then all that differs is shown. */
  #differences(document: JsonObject, base: number): ThreeWayChange[] {
    const theirs = this.#history.newest?.document ?? {};
    const from = base === 0 ? {} : this.#history.find(base)?.document;
    return threeWayDiff(from ?? {}, theirs, this.#sealed(document, from ?? theirs));
  }

  get #version(): number {
    return this.#history.newest?.version ?? 0;
  }

  async #put({ document, ifMatch, comment = "", force }: Edit, editor: Editor): Promise<ConfigWritten> {
    requireBounded(document, comment);
    await this.#look();
    if (ifMatch !== this.#version)
      throw new ConfigStaleError(this.#options.file, this.#version, this.#differences(document, ifMatch));
    const before = this.#history.newest?.document ?? {};
    const checked = this.#check(document);
    if (!("effective" in checked)) throw refused(checked.faults);
    const warnings = await this.#options.checks.warnings(checked.effective);
    if (force === false && warnings.length > 0) throw new WorkerError("CONFIG_WARNED", textOf(warnings));
    const confirmBefore = this.#beginProvisional(ifMatch, reaches(before, checked.stored), editor);
    this.#write({ stored: checked.stored, author: editor.name, comment });
    const failed = await this.#accept(checked);
    this.#provisional.watch(() => this.#timeIsUp());
    return {
      version: this.#version,
      warnings: [...warnings, ...failed],
      pending: this.#inForce.pending,
      confirmBefore,
    };
  }

  /** An edit from elsewhere that could cut the worker off returns unless it is confirmed; one from here settles it. */
  #beginProvisional(previous: number, isRisky: boolean, editor: Editor): number | null {
    const waiting = this.#provisional.edit;
    if (!editor.isRemote) {
      if (waiting) this.#provisional.settle();
      return null;
    }
    if (!isRisky && !waiting) return null;
    const version = previous + 1;
    const { name, connection } = editor;
    const by = isRisky || !waiting ? { by: name, connection } : { by: waiting.by, connection: waiting.connection };
    return this.#provisional.begin({ version, back: waiting?.back ?? previous, ...by }).until;
  }

  /** The file first: if we end in between, what is new in it becomes a version at the next start. */
  #write({ stored, author, comment }: { stored: JsonObject; author: string; comment: string }): void {
    const text = writeDocument(this.#opened(stored));
    writeFileAtomic(this.#options.file, text, this.#options.fileMode);
    this.#text = text;
    this.#note(stored, author, comment);
  }

  #note(document: JsonObject, author: string, comment: string): void {
    const version = this.#version + 1;
    this.#history.add({ version, document, author, comment, createdAt: this.#clock.now() });
    this.#options.log.info(`configuration version ${version}`, { by: author, comment });
  }

  async #accept({ stored, effective }: Checked): Promise<ConfigFault[]> {
    this.#document = this.#opened(stored);
    this.#written = { state: "good", effective };
    return await this.#inForce.accept(effective);
  }

  async #look(): Promise<void> {
    const text = readIfThere(this.#options.file);
    if (text === this.#text && (text !== undefined || this.#written.state === "none")) return;
    this.#text = text;
    if (text === undefined) {
      this.#document = undefined;
      this.#written = this.#withoutFile();
      return;
    }
    const read = readDocument(text, this.#options.file);
    if ("faults" in read) {
      this.#document = undefined;
      this.#written = { state: "misconfigured", faults: read.faults };
      return;
    }
    this.#document = markSecrets(read.document);
    const checked = this.#checkFile(this.#document);
    if (!("effective" in checked)) {
      const faults = checked.faults.map(({ path, reason }) => ({ path, reason: placed(read.placeOf(path), reason) }));
      this.#written = { state: "misconfigured", faults };
      return;
    }
    const isNew = canonicalJson(checked.stored) !== canonicalJson(this.#history.newest?.document ?? null);
    if (isNew) this.#note(checked.stored, "file", "found in the file");
    await this.#accept(checked);
  }

  /** In a file, what is wrong with a secret is a fault like any other: there is nobody to refuse it to. */
  #checkFile(document: JsonObject): Checked | { readonly faults: readonly ConfigFault[] } {
    try {
      return this.#check(document);
    } catch (error) {
      if (!(error instanceof FarhandError)) throw error;
      return { faults: [{ path: "", reason: error.message }] };
    }
  }

  /** Nothing is written: the environment alone may make a configuration, else the worker is unconfigured (CAT-12). */
  #withoutFile(): Written {
    if (this.#options.environment.overrides.length === 0 && this.#options.environment.faults.length === 0)
      return nobody;
    const { machine, environment, follow } = this.#options;
    const configured = configurationFrom({ machine, environment, follow });
    if (configured.state === "good" && !this.running) void this.#inForce.accept(configured.effective);
    return configured;
  }

  /** The first two depths (CAT-76), on the document as it would be stored. @throws {FleetError} CONFIG_SECRET. */
  #check(
    document: JsonObject,
    seal: (document: JsonObject) => JsonObject = (given) => this.#sealed(given, this.#history.newest?.document ?? {}),
  ): Checked | { readonly faults: readonly ConfigFault[] } {
    const { machine, environment, follow, checks } = this.#options;
    const stored = seal(document);
    const source = { source: "file", document: this.#opened(stored) } as const;
    const configured = configurationFrom({ machine, document: source, environment, follow });
    if (configured.state === "misconfigured") return configured;
    const faults = checks.faults(configured.effective);
    return faults.length > 0 ? { faults } : { stored, effective: configured.effective };
  }

  #sealed(document: JsonObject, previous: JsonObject): JsonObject {
    return sealSecrets(markSecrets(document), previous, (text) => this.#seal.seal(text));
  }

  /** As in the file: the values of secrets marked as such. */
  #opened(stored: JsonObject): JsonObject {
    const opened = mapSecrets(stored, (secret) => {
      if (!isJsonObject(secret) || typeof secret.sealed !== "string") return { $secret: secret };
      return { $secret: { value: this.#seal.open(Buffer.from(secret.sealed, "base64")) } };
    });
    return opened as JsonObject;
  }

  async #resumeProvisional(): Promise<void> {
    const { edit } = this.#provisional;
    if (!edit) return;
    // Somebody at the machine has written another one since, or it was never written.
    if (edit.version !== this.#version) return this.#provisional.settle();
    if (edit.until > this.#clock.now()) return this.#provisional.watch(() => this.#timeIsUp());
    await this.#return();
  }

  #timeIsUp(): void {
    this.#inTurn(() => this.#return()).catch((error: unknown) => {
      this.#options.log.error(`the configuration before cannot return: ${errorText(error)}`);
    });
  }

  /** Nobody has confirmed (CAT-75): the version before holds again, whatever it was. */
  async #return(): Promise<void> {
    const { edit } = this.#provisional;
    if (!edit || edit.version !== this.#version) return;
    const old = edit.back === 0 ? {} : this.#history.find(edit.back)?.document;
    if (!old) throw new WorkerError("CONFIG_REFUSED", `version ${edit.back} is not kept any more`);
    this.#options.log.warn(`configuration version ${edit.version} was not confirmed: version ${edit.back} returns`);
    const comment = `as version ${edit.back}: version ${edit.version} was not confirmed in ${confirmWithinMs / 1000} s`;
    this.#write({ stored: old, author: "farhand", comment });
    this.#provisional.settle();
    const checked = this.#check(this.#opened(old), () => old);
    if ("effective" in checked) await this.#accept(checked);
    else this.#written = { state: "misconfigured", faults: checked.faults };
    this.#options.returned?.(this.#inForce.pending);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** A document that may be used, and as it is kept. */
interface Checked {
  readonly stored: JsonObject;
  readonly effective: Effective;
}

/** Configurations are small: more than this is none. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new WorkerError("SETTINGS_UNREADABLE", `${file} cannot be read: ${errorText(error)}`, { cause: error });
  }
}

/** Whether a key differs that decides how the worker is reached. */
function reaches(before: JsonObject, after: JsonObject): boolean {
  const text = (document: JsonObject, path: string): string => canonicalJson(valueAtKey(document, path) ?? null);
  return configKeyPaths.some((path) => configKey(path).reach && text(before, path) !== text(after, path));
}

function placed(place: { readonly line: number; readonly column: number } | undefined, reason: string): string {
  return place ? `line ${place.line}, column ${place.column}: ${reason}` : reason;
}

function refused(faults: readonly ConfigFault[]): WorkerError {
  return new WorkerError("CONFIG_REFUSED", textOf(faults));
}

/** At most so many of them help. */
const most = 10;

function textOf(faults: readonly ConfigFault[]): string {
  const more = faults.length > most ? [`and ${faults.length - most} more`] : [];
  return [...faults.slice(0, most).map(({ path, reason }) => `${path}: ${reason}`), ...more].join("; ");
}
