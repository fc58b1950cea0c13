import { Misfit, coerce } from "./coerce.ts";
import type { Directive, Place, Position } from "./directive.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { DocumentNode, MapEntry } from "./document.ts";
import type { Faults } from "./faults.ts";
import { fieldsOf, type SectionName } from "./sections.ts";

/** Where a section stands, before its fields are known. */
export type Site = Pick<Place, "form" | "file" | "position">;

/**
 * Type the fields of one section. Faults are noted. A faulty key that may be left out is left out, so that the rest of the
 * section can still be checked; without a sound value for each required key there is no section.
 */
export function readDirective(
  section: SectionName,
  value: DocumentNode | undefined,
  site: Site,
  faults: Faults,
): Directive | undefined {
  const reader = new DirectiveReader(section, site, faults);
  if (value === undefined || (value.kind === "scalar" && value.value === null)) reader.read([]);
  else if (value.kind === "map") reader.read(value.entries);
  else if (value.kind === "scalar") reader.readBare(value);
  else reader.fault(`invalid config format for ${section}`, undefined, undefined, "give its keys as a mapping");
  return reader.result();
}

class DirectiveReader {
  readonly #section: SectionName;
  readonly #site: Site;
  readonly #faults: Faults;
  readonly #given = new Map<string, unknown>();
  readonly #keys = new Map<string, Position>();
  /** Every required key has a sound value. */
  #isWhole = false;

  constructor(section: SectionName, site: Site, faults: Faults) {
    this.#section = section;
    this.#site = site;
    this.#faults = faults;
  }

  fault(message: string, key?: string, at?: Position, hint?: string): void {
    this.#faults.add({
      message,
      section: this.#section,
      ...(this.#site.file === undefined ? {} : { file: this.#site.file }),
      ...(at ?? this.#site.position),
      ...(key === undefined ? {} : { key }),
      ...(hint === undefined ? {} : { hint }),
    });
  }

  readBare(value: DocumentNode): void {
    for (const [key, field] of fieldsOf(this.#section)) {
      if (field.bare) return this.read([{ key, at: value.at, value }]);
    }
    const message = `could not get barevalue for command ${this.#section}: command does not allow bare values`;
    this.fault(message, undefined, value.at, "write its fields as key: value");
  }

  read(entries: readonly MapEntry[]): void {
    for (const entry of entries) {
      if (this.#faults.full) return;
      this.#readEntry(entry);
    }
    this.#demandRequired();
  }

  #readEntry({ key: written, at, value }: MapEntry): void {
    const key = written.toLowerCase();
    const field = fieldsOf(this.#section).get(key);
    if (!field) {
      const message = `field ${written} not defined for command ${this.#section}: unknown field name ${written}`;
      return this.fault(message, written, at, didYouMean(written, fieldsOf(this.#section).keys()));
    }
    if (this.#given.has(key)) return this.fault(`field ${written} of ${this.#section} is given twice`, key, at);
    // In map form a key without a value counts as left out.
    if (this.#site.form === "map" && value.kind === "scalar" && value.value === null) return;
    const typed = coerce(field, value);
    this.#given.set(key, typed);
    if (at) this.#keys.set(key, at);
    if (!(typed instanceof Misfit)) return;
    const message = field.invalid ? typed.message : `error in ${this.#section}: ${key}: ${typed.message}`;
    this.fault(message, key, value.at ?? at, typed.hint);
  }

  #demandRequired(): void {
    const required = [...fieldsOf(this.#section)].flatMap(([key, field]) => (field.required ? [key] : []));
    const missing = required.filter((key) => !this.#given.has(key));
    this.#isWhole = missing.length === 0 && !required.some((key) => this.#given.get(key) instanceof Misfit);
    if (missing.length === 0) return;
    const names = missing.join(", ");
    const word = missing.length === 1 ? "parameter" : "parameters";
    this.fault(`error in ${this.#section}: required ${word} missing: ${names}`, missing[0]);
  }

  result(): Directive | undefined {
    if (!this.#isWhole) return undefined;
    const given = [...this.#given].filter(([, value]) => !(value instanceof Misfit));
    const defaults = [...fieldsOf(this.#section)].filter(([, field]) => field.default !== undefined);
    const values = Object.fromEntries([...defaults.map(([key, field]) => [key, field.default]), ...given]);
    const at: Place = { ...this.#site, keys: this.#keys };
    // Every value went through the reader its row names, which is what the type of the directive says.
    return { section: this.#section, values, given: given.map(([key]) => key), at } as unknown as Directive;
  }
}
