import { join } from "node:path";
import {
  canonicalJson,
  type Clock,
  errorText,
  FarhandError,
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
  markSecrets,
  redactSecrets,
  requireBounded,
  type ThreeWayChange,
  threeWayDiff,
  valueAtKey,
} from "#fleet";
import { WorkerError } from "../errors.ts";
import { readSettingsFile } from "../settings/settings-files.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { type Checked, type CheckedDocument, CheckedDocuments } from "./checked-documents.ts";
import type { ApplyChanges, Configuration, ConfigurationChecks, Edit, Editor, VersionShown } from "./configuration.ts";
import { readDocument, writeDocument } from "./document-text.ts";
import { type Configured, type Effective, effectiveValues, type PendingChange, type Sources } from "./effective.ts";
import { type Owners, writableByOthers } from "./file-hygiene.ts";
import { History } from "./history.ts";
import { InForce } from "./in-force.ts";
import { faultsText, placed, refused } from "./fault-text.ts";
import { localKey, localSeal } from "./local-seal.ts";
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

/**
 * A configuration in a file of this machine: `worker.yaml` with a history beside the state (CAT-71 to CAT-76).
 *
 * The file may be edited by hand as well: what {@link refresh} finds new in it becomes a version.
 */
export class FileConfiguration implements Configuration {
  readonly #options: FileConfigurationOptions;
  readonly #clock: Clock;
  readonly #history: History;
  readonly #documents: CheckedDocuments;
  readonly #provisional: ProvisionalEdit;
  readonly #inForce: InForce;
  #written: Written = { state: "none" };
  /** The document in the file, as far as it can be read, secrets marked. */
  #document: JsonObject | undefined;
  #text: string | undefined;
  /** One edit at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: FileConfigurationOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#history = new History(join(options.folder, "history"), options.log);
    this.#documents = new CheckedDocuments(options, localSeal(localKey(join(options.folder, "configuration.key"))));
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
    const checked = this.#documents.check(this.#sealed(document));
    if ("faults" in checked) return { faults: [...checked.faults], warnings: [] };
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
      const document = this.#documents.opened(old.document);
      return await this.#put({ document, ifMatch, comment: `as version ${version}` }, editor);
    });
  }

  confirm(version: number, editor: Editor): void {
    // Who reaches the worker as it was shows nothing of how it will be.
    const waiting = this.#inForce.pending.filter(({ path }) => configKey(path).reach).map(({ path }) => path);
    if (waiting.length > 0 && this.#provisional.edit?.version === version)
      throw new WorkerError(
        "CONFIG_NOT_CONFIRMED",
        `version ${version} is not in force yet: start the worker anew, then confirm (${waiting.join(", ")} wait)`,
      );
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
    return threeWayDiff(from ?? {}, theirs, this.#documents.sealed(document, from ?? theirs));
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
    const checked = this.#documents.check(this.#sealed(document));
    if ("faults" in checked) throw refused(checked.faults);
    const warnings = await this.#options.checks.warnings(checked.effective);
    if (force === false && warnings.length > 0) throw new WorkerError("CONFIG_WARNED", faultsText(warnings));
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
    // What changes nothing of it waits with it, and no longer.
    if (waiting && !isRisky) return this.#provisional.begin({ ...waiting, version }).until;
    return this.#provisional.begin({ version, back: waiting?.back ?? previous, by: name, connection }).until;
  }

  /** The file first: if we end in between, what is new in it becomes a version at the next start. */
  #write({ stored, author, comment }: { stored: JsonObject; author: string; comment: string }): void {
    const text = writeDocument(this.#documents.opened(stored));
    writeFileAtomic(this.#options.file, text, this.#options.fileMode);
    this.#text = text;
    this.#note(stored, author, comment);
  }

  #note(document: JsonObject, author: string, comment: string): void {
    const version = this.#version + 1;
    this.#history.add({ version, document, author, comment, createdAt: this.#clock.now() });
    this.#options.log.info(`configuration version ${version}`, { by: author, comment });
  }

  async #accept({ stored, effective }: CheckedDocument): Promise<ConfigFault[]> {
    this.#document = this.#documents.opened(stored);
    this.#written = { state: "good", effective };
    return await this.#inForce.accept(effective);
  }

  async #look(): Promise<void> {
    const text = readIfThere(this.#options.file);
    if (text === this.#text && (text !== undefined || this.#written.state === "none")) return;
    this.#text = text;
    this.#document = undefined;
    if (text === undefined) return await this.#lookWithoutFile();
    const read = readDocument(text, this.#options.file);
    if ("faults" in read) return this.#misconfigured(read.faults);
    this.#document = markSecrets(read.document);
    const checked = this.#checkFile(this.#document);
    if ("faults" in checked) return this.#misconfigured(placed(checked.faults, read.placeOf));
    const isNew = canonicalJson(checked.stored) !== canonicalJson(this.#history.newest?.document ?? null);
    if (isNew) this.#note(checked.stored, "file", "found in the file");
    await this.#accept(checked);
  }

  async #lookWithoutFile(): Promise<void> {
    this.#written = this.#documents.withoutFile();
    if (this.#written.state === "good" && !this.running) await this.#inForce.accept(this.#written.effective);
  }

  #misconfigured(faults: readonly ConfigFault[]): void {
    this.#written = { state: "misconfigured", faults };
  }

  /** In a file, what is wrong with a secret is a fault like any other: there is nobody to refuse it to. */
  #checkFile(document: JsonObject): Checked {
    try {
      return this.#documents.check(this.#sealed(document));
    } catch (error) {
      if (!(error instanceof FarhandError)) throw error;
      return { faults: [{ path: "", reason: error.message }] };
    }
  }

  #sealed(document: JsonObject): JsonObject {
    return this.#documents.sealed(document, this.#history.newest?.document ?? {});
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
    if (!edit) return;
    // Somebody at the machine has written another one since.
    if (edit.version !== this.#version) return this.#provisional.settle();
    const old = edit.back === 0 ? {} : this.#history.find(edit.back)?.document;
    if (!old) throw new WorkerError("CONFIG_REFUSED", `version ${edit.back} is not kept any more`);
    this.#options.log.warn(`configuration version ${edit.version} was not confirmed: version ${edit.back} returns`);
    const comment = `as version ${edit.back}: version ${edit.version} was not confirmed in ${confirmWithinMs / 1000} s`;
    this.#write({ stored: old, author: "farhand", comment });
    this.#provisional.settle();
    const checked = this.#documents.check(old);
    if ("faults" in checked) this.#misconfigured(checked.faults);
    else await this.#accept(checked);
    this.#options.returned?.(this.#inForce.pending);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readSettingsFile(file);
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
