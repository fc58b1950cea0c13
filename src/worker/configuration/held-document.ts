import { inspect } from "node:util";
import { canonicalJson, type Json, type JsonObject } from "#core";
import { type ConfigKeyPath, redactSecrets, valueAtKey, withKey } from "#fleet";

/** A document with its secrets. However it is printed, they read as set (CAT-125). */
export class HeldDocument {
  readonly #document: JsonObject;

  constructor(document: JsonObject) {
    this.#document = document;
  }

  /** The value of a key as it may be shown. */
  shownAt(path: ConfigKeyPath): Json {
    return redactSecrets(valueAtKey(this.#document, path) ?? null);
  }

  /** Whether a key is the same in both, secrets included. */
  sameAt(path: ConfigKeyPath, other: HeldDocument): boolean {
    return this.#textAt(path) === other.#textAt(path);
  }

  /** This document with some keys as in another. */
  withKeysOf(other: HeldDocument, paths: readonly ConfigKeyPath[]): HeldDocument {
    const changed = paths.reduce((all, path) => withKey(all, path, valueAtKey(other.#document, path)), this.#document);
    return new HeldDocument(changed);
  }

  toJSON(): Json {
    return redactSecrets(this.#document);
  }

  [inspect.custom](): Json {
    return this.toJSON();
  }

  #textAt(path: ConfigKeyPath): string {
    return canonicalJson(valueAtKey(this.#document, path) ?? null);
  }
}
