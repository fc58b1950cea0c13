import type { Directive } from "./directive.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { DocumentNode, MapEntry, MapNode } from "./document.ts";
import type { Faults } from "./faults.ts";
import { readDirective } from "./read-directive.ts";
import { sectionInList, sectionInMap, type SectionName, sectionNames, sectionRow } from "./sections.ts";

/** Read a map-form document: sections by their plural names. Source: Receptor specification §5.5. */
export function readMapForm(document: MapNode, file: string, faults: Faults): Directive[] {
  const directives: Directive[] = [];
  const seen = new Set<string>();
  for (const entry of document.entries) {
    if (faults.full) break;
    const name = entry.key.toLowerCase();
    if (seen.has(name)) faults.add({ message: `section ${entry.key} is given twice`, file, ...entry.at });
    seen.add(name);
    if (name === "version") checkVersion(entry, file, faults);
    else directives.push(...readSections(entry, file, faults));
  }
  return directives;
}

/** The original does not look at the version, so anything that can be meant as 2 is fine. */
function checkVersion({ value, at }: MapEntry, file: string, faults: Faults): void {
  if (value.kind === "scalar" && Number(value.value ?? 2) === 2) return;
  const hint = "write `version: 2`, or leave it out";
  faults.add({ message: "only version 2 of the map form is known", file, ...at, key: "version", hint });
}

function readSections(entry: MapEntry, file: string, faults: Faults): Directive[] {
  const section = sectionInMap(entry.key);
  if (!section) {
    faults.add({ ...unknownInMap(entry.key), file, ...entry.at });
    return [];
  }
  const directives: Directive[] = [];
  for (const { value, at } of itemsOf(section, entry)) {
    if (faults.full) break;
    const directive = readDirective(section, value, { form: "map", file, position: at }, faults);
    if (directive) directives.push(directive);
  }
  return directives;
}

/** A list section may hold one mapping instead of a list of them; a section without value is there, without keys. */
function itemsOf(section: SectionName, { value, at }: MapEntry): { value: DocumentNode; at: MapEntry["at"] }[] {
  if (sectionRow(section).inMap === "single") return [{ value, at }];
  if (value.kind === "scalar" && value.value === null) return [];
  if (value.kind !== "list") return [{ value, at }];
  return value.items.map((item) => ({ value: item, at: item.at ?? at }));
}

function unknownInMap(name: string): { message: string; section: string; hint?: string } {
  const singular = sectionInList(name.toLowerCase());
  const known = sectionNames.filter((section) => !sectionRow(section).hidden);
  const hint = singular
    ? `in this form it is called ${sectionRow(singular).mapName}`
    : didYouMean(
        name,
        known.map((section) => sectionRow(section).mapName),
      );
  const message = `could not get config type for command ${name}: unknown config type ${name}`;
  return { message, section: name, ...(hint === undefined ? {} : { hint }) };
}
