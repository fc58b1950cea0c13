import type { Log } from "#core";

/** What can go wrong with a watched folder, the gravest first. */
const kinds = ["folder", "unit", "away", "file", "part", "many"] as const;
type Kind = (typeof kinds)[number];

/** What is wrong with a watcher now. Each change is a line in the log; that it goes on is none. */
export class Troubles {
  readonly #options: { readonly name: string; readonly log: Log; readonly changed: () => void };
  readonly #now = new Map<Kind, string>();

  constructor(options: { readonly name: string; readonly log: Log; readonly changed: () => void }) {
    this.#options = options;
  }

  /** The gravest, in words; undefined: none. */
  get reason(): string | undefined {
    const kind = kinds.find((each) => this.#now.has(each));
    return kind && this.#now.get(kind);
  }

  has(kind: Kind, reason: string): void {
    const isNew = !this.#now.has(kind);
    this.#now.set(kind, reason);
    if (!isNew) return;
    this.#options.log.warn(`watcher ${this.#options.name}: ${reason}`);
    this.#options.changed();
  }

  over(kind: Kind): void {
    const reason = this.#now.get(kind);
    if (!this.#now.delete(kind)) return;
    this.#options.log.info(`watcher ${this.#options.name}: no longer: ${reason ?? ""}`);
    this.#options.changed();
  }
}
