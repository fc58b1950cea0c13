import type { Directive } from "./directive.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { DocumentNode, ListNode } from "./document.ts";
import type { Faults } from "./faults.ts";
import { readDirective } from "./read-directive.ts";
import { sectionInList, sectionNames, sectionRow } from "./sections.ts";

/** Read a list-form document: each item a section. Source: Receptor specification §5.2. */
export function readListForm(document: ListNode, file: string, faults: Faults): Directive[] {
  const directives: Directive[] = [];
  for (const item of document.items) {
    if (faults.full) break;
    const directive = readItem(item, file, faults);
    if (directive) directives.push(directive);
  }
  return directives;
}

function readItem(item: DocumentNode, file: string, faults: Faults): Directive | undefined {
  const fault = (message: string, hint: string): undefined => {
    faults.add({ message, file, ...item.at, hint });
  };
  if (item.kind === "scalar" && typeof item.value === "string") {
    return readSection(item.value, undefined, { file, node: item }, faults);
  }
  if (item.kind !== "map") return fault("config format invalid: item is not a section", "write `- section: …`");
  const [entry, second] = item.entries;
  if (second) {
    const hint = `start ${second.key} with "- " when it is a section, or indent it when it is a key`;
    return fault("config format invalid: item has multiple names", hint);
  }
  if (!entry) return fault("config format invalid: item has no name", "write `- section: …`");
  return readSection(entry.key, entry.value, { file, node: { ...item, at: entry.at } }, faults);
}

function readSection(
  name: string,
  value: DocumentNode | undefined,
  { file, node }: { file: string; node: DocumentNode },
  faults: Faults,
): Directive | undefined {
  const section = sectionInList(name);
  if (section) return readDirective(section, value, { form: "list", file, position: node.at }, faults);
  faults.add({ ...unknownSection(name), file, ...node.at });
  return undefined;
}

/** The fault of a section nobody knows, with the nearest one that exists. */
export function unknownSection(name: string): { message: string; section: string; hint?: string } {
  const hint = didYouMean(
    name,
    sectionNames.filter((known) => !sectionRow(known).hidden),
  );
  const message = `could not get config type for command ${name}: unknown config type ${name}`;
  return { message, section: name, ...(hint === undefined ? {} : { hint }) };
}
