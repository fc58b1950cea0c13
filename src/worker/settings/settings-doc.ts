import { formatGoDuration, formatSize } from "#core";
import type { Field, FieldType } from "./field.ts";
import type { Section } from "./section.ts";
import { fieldsOf, type SectionName, sectionNames, sectionRow } from "./sections.ts";

const preface = `# Settings

Printed from the code; do not edit by hand.

A settings file is YAML 1.1 in one of two forms, told apart by its shape. In *list form* it is a list, and each item is a
section: \`- node: {id: foo}\`. In *map form* it is a mapping, and sections that may stand more than once are lists under a
plural name. Keys may be written in any case. \`farhand config check FILE\` reports every fault of a file, and
\`farhand config convert FILE\` turns one form into the other.

On the command line of \`receptor\` a section is \`--section key=value\`. The key marked *bare* may also stand alone:
\`- log-level: debug\`, \`--log-level debug\`.

Keys and sections marked **own** are Farhand's; Receptor does not know them. They are off unless set. Sections marked
**later** are read and checked, but a worker refuses to start with them, because what they ask for comes with a later
version of Farhand.
`;

/** The text of `docs/settings.md`: every section and key there is. */
export function printSettingsDoc(): string {
  const shown = sectionNames.filter((name) => !sectionRow(name).hidden);
  return [preface, ...shown.map(printSection)].join("\n");
}

function printSection(name: SectionName): string {
  const section = sectionRow(name);
  const fields = [...fieldsOf(name)].map(([key, field]) => printField(key, field));
  const table = ["| key | value | default | meaning |", "| --- | --- | --- | --- |", ...fields].join("\n");
  const body = fields.length === 0 ? "It has no keys." : table;
  return `## ${name}\n\n${section.description}${printNotes(section)}\n\n${body}\n`;
}

function printNotes(section: Section): string {
  const notes = [
    `In map form: \`${section.mapName}\`${section.inMap === "list" ? ", a list" : ""}.`,
    section.singleton ? "At most one." : "",
    section.exclusive ? "It stands alone." : "",
    section.reloadable ? "`reload` may change it." : "",
    section.own ? "**own**" : "",
    section.later === undefined ? "" : `**later** (${section.later})`,
  ];
  return `\n\n${notes.filter((note) => note !== "").join(" ")}`;
}

function printField(key: string, field: Field): string {
  const marks = [field.bare ? "*bare*" : "", field.own ? "**own**" : ""].filter((mark) => mark !== "");
  const name = [`\`${key}\``, ...marks].join(" ");
  const standard = field.required ? "required" : printDefault(field);
  return `| ${name} | ${kinds[field.type]} | ${standard} | ${field.description} |`;
}

const kinds: Readonly<Record<FieldType, string>> = {
  text: "text",
  integer: "whole number",
  float: "number",
  boolean: "true or false",
  texts: "list of text",
  floats: "map from name to number",
  map: "map",
  maps: "list of maps",
  duration: "duration, like `1.5h` or `30m10s`",
  permissions: "permissions, like `0660`",
  size: "size, like `1GiB` or `500MB`",
};

function printDefault({ type, default: value }: Field): string {
  if (value === undefined) return "";
  if (type === "permissions") return `\`${Number(value).toString(8).padStart(4, "0")}\``;
  if (type === "duration") return `\`${formatGoDuration(Number(value) * 1e6)}\``;
  if (type === "size") return `\`${formatSize(Number(value))}\``;
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
