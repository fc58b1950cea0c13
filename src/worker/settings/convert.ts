import { formatGoDuration, formatSize } from "#core";
import { type Directive, valueOf } from "./directive.ts";
import type { FieldType, FieldValues } from "./field.ts";
import { fieldsOf, type SectionName, sectionRow } from "./sections.ts";
import { Octal, writeYaml } from "./yaml.ts";

/**
 * The same settings as a file of the other form, or of the same one tidied up.
 *
 * Values and their order are kept, comments are not. In map form sections of one name come together, where the first of
 * them stood.
 */
export function convertSettings(directives: readonly Directive[], to: "list" | "map"): string {
  return writeYaml(to === "map" ? mapForm(directives) : directives.map(listItem));
}

function listItem(directive: Directive): unknown {
  return directive.given.length === 0 ? directive.section : { [directive.section]: plainValues(directive) };
}

function mapForm(directives: readonly Directive[]): Record<string, unknown> {
  const names = new Set(directives.map(({ section }) => section));
  const entries = [...names].map((section) => {
    const group = directives.filter((directive) => directive.section === section);
    return [sectionRow(section).mapName, mapValue(section, group)];
  });
  return { version: 2, ...Object.fromEntries(entries) };
}

function mapValue(section: SectionName, group: readonly Directive[]): unknown {
  const values = group.map(plainValues);
  return sectionRow(section).inMap === "single" ? values[0] : values;
}

function plainValues(directive: Directive): Record<string, unknown> {
  const fields = fieldsOf(directive.section);
  const written = directive.given.map((key) => {
    const type = fields.get(key)?.type;
    return [key, type === undefined ? undefined : write(type, valueOf(directive, key))];
  });
  return Object.fromEntries(written);
}

/** How values are written whose number would not say what it means. */
const writers: { readonly [T in FieldType]?: (value: FieldValues[T]) => unknown } = {
  permissions: (bits) => new Octal(bits),
  duration: durationText,
  size: formatSize,
};

function write(type: FieldType, value: unknown): unknown {
  const writer = writers[type] as ((value: unknown) => unknown) | undefined;
  return writer ? writer(value) : value;
}

/** `1h30m` rather than Go's `1h30m0s`. */
function durationText(ms: number): string {
  const ns = Number.isInteger(ms) ? BigInt(ms) * 1_000_000n : BigInt(Math.round(ms * 1e6));
  return formatGoDuration(ns).replace(/m0s$/, "m").replace(/h0m$/, "h");
}
