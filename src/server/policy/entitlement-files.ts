import type { KeyObject } from "node:crypto";
import { errorText, type Log } from "#core";
import { maxEntitlementChars } from "#fleet";
import { parseEntitlementKeys } from "./entitlement-keys.ts";
import { LookedFile } from "./looked-file.ts";

const maxKeyBytes = 65_536;
/** A line feed of either kind may stand behind it. */
const maxFileBytes = maxEntitlementChars + 2;

export interface EntitlementFilesOptions {
  /** Files of public keys whose signatures count; none: no entitlement does. */
  readonly keyFiles?: readonly string[] | undefined;
  /** File that holds an entitlement. */
  readonly file?: string | undefined;
  readonly log: Pick<Log, "info" | "error">;
}

/** What of entitlements stands in the operator's files. What cannot be read leaves what was there before (CAT-99). */
export class EntitlementFiles {
  readonly #keyFiles: readonly LookedFile[];
  readonly #file: LookedFile | undefined;
  readonly #log: Pick<Log, "info" | "error">;
  readonly #keys = new Map<string, readonly KeyObject[]>();
  readonly #faults = new Map<string, string>();
  #text: string | undefined;

  constructor({ keyFiles = [], file, log }: EntitlementFilesOptions) {
    this.#keyFiles = keyFiles.map((path) => new LookedFile(path, maxKeyBytes));
    this.#file = file === undefined ? undefined : new LookedFile(file, maxFileBytes);
    this.#log = log;
  }

  get keys(): readonly KeyObject[] {
    return [...this.#keys.values()].flat();
  }

  /** The entitlement in the file; undefined: there is none. */
  get text(): string | undefined {
    return this.#text;
  }

  /** What is wrong with the files now, a line each. */
  get faults(): readonly string[] {
    return [...this.#faults].map(([path, fault]) => `${path}: ${fault}`);
  }

  /** @returns whether other keys count than before. */
  async look(): Promise<boolean> {
    let haveChanged = false;
    for (const file of this.#keyFiles)
      await this.#looked(file, (text) => {
        this.#keys.set(file.path, parseEntitlementKeys(text));
        haveChanged = true;
      });
    if (this.#file) await this.#looked(this.#file, (text) => (this.#text = text.trim()));
    return haveChanged;
  }

  async #looked(file: LookedFile, take: (text: string) => void): Promise<void> {
    try {
      await file.look((text) => {
        take(text);
        this.#log.info("a file of entitlements was read", { file: file.path });
      });
      this.#faults.delete(file.path);
    } catch (error) {
      const fault = errorText(error);
      if (fault === this.#faults.get(file.path)) return;
      this.#faults.set(file.path, fault);
      this.#log.error(`${file.path} cannot be used, what it said before still counts`, { error: fault });
    }
  }
}
