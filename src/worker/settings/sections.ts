import type { Field } from "./field.ts";
import type { Section } from "./section.ts";
import { backendSections } from "./sections/backends.ts";
import { certificateSections } from "./sections/certificates.ts";
import { controlSections } from "./sections/control.ts";
import { nodeSections } from "./sections/node.ts";
import { serviceSections } from "./sections/services.ts";
import { tlsSections } from "./sections/tls.ts";
import { workSections } from "./sections/work.ts";

/** Every section, by its name in list form, in the order of `docs/settings.md`. */
export const sections = {
  ...nodeSections,
  ...controlSections,
  ...tlsSections,
  ...workSections,
  ...backendSections,
  ...serviceSections,
  ...certificateSections,
} as const;

/** Name of a section, as written in a list-form file. */
export type SectionName = keyof typeof sections;

/** All names, in the table's order. */
export const sectionNames = Object.keys(sections) as SectionName[];

/** The section's row, with nothing known of which one it is. */
export function sectionRow(name: SectionName): Section {
  return sections[name];
}

/** The section's fields by lower-case name. */
export function fieldsOf(name: SectionName): ReadonlyMap<string, Field> {
  return fieldMaps.get(name) ?? new Map();
}

/** The section of this name in list form; names are lower case exactly. */
export function sectionInList(name: string): SectionName | undefined {
  return sectionNames.find((known) => known === name);
}

/** The section of this name in map form, in any case. */
export function sectionInMap(name: string): SectionName | undefined {
  return mapNames.get(name.toLowerCase());
}

const mapNames = new Map(sectionNames.map((name) => [sectionRow(name).mapName, name]));

const fieldMaps = new Map(sectionNames.map((name) => [name, new Map(Object.entries(sectionRow(name).fields))]));
