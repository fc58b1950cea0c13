import type { SettingsFault } from "../errors.ts";
import type { Field, ValueOf } from "./field.ts";
import type { SectionName, sections } from "./sections.ts";

/** Line and column, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a section was written. */
export interface Place {
  readonly form: "list" | "map" | "arguments";
  /** Absent on the command line, and `position` and `keys` with it. */
  readonly file?: string | undefined;
  readonly position?: Position | undefined;
  readonly keys: ReadonlyMap<string, Position>;
}

type FieldsOf<S extends SectionName> = (typeof sections)[S]["fields"];

/** Values of a section by field, defaults filled in. */
export type Values<S extends SectionName> = {
  readonly [K in keyof FieldsOf<S>]: FieldsOf<S>[K] extends Field ? ValueOf<FieldsOf<S>[K]> : never;
};

/** One section as it was given, checked and typed. */
export interface DirectiveOf<S extends SectionName> {
  readonly section: S;
  readonly values: Values<S>;
  /** The fields that were written, in that order; the others have their defaults. */
  readonly given: readonly string[];
  readonly at: Place;
}

/** One section of any kind; look at `section` to know its values. */
export type Directive = { [S in SectionName]: DirectiveOf<S> }[SectionName];

/** All sections of one name, in order. */
export function directivesOf<S extends SectionName>(directives: readonly Directive[], section: S): DirectiveOf<S>[] {
  // `filter` cannot narrow a union by a generic name; the comparison is what makes the cast true.
  return directives.filter((directive) => directive.section === section) as unknown as DirectiveOf<S>[];
}

/** The value of a field by name, for code that walks the table. */
export function valueOf(directive: Directive, key: string): unknown {
  return (directive.values as Readonly<Record<string, unknown>>)[key];
}

/** A fault of a section, at the line of `key` when that was written. */
export function faultOf(directive: Directive, key: string | undefined, message: string, hint?: string): SettingsFault {
  const { file, keys, position } = directive.at;
  return {
    message,
    section: directive.section,
    ...(file === undefined ? {} : { file }),
    ...((key === undefined ? undefined : keys.get(key)) ?? position),
    ...(key === undefined ? {} : { key }),
    ...(hint === undefined ? {} : { hint }),
  };
}
