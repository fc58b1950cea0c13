import { inspect } from "node:util";

const shown = "[secret]";

/**
 * A text that is not for eyes (CAT-125). However it is printed (JSON, a template string, `console.log`, a log's fields) it
 * reads `[secret]`; only {@link reveal} gives it away, which is easy to search for.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. What it is put into must be as careful. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [Symbol.toPrimitive](): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}
