import { checkDirectives } from "./checks.ts";
import type { Directive } from "./directive.ts";
import type { DocumentNode, MapEntry } from "./document.ts";
import { Faults } from "./faults.ts";
import { unknownSection } from "./list-form.ts";
import { readDirective } from "./read-directive.ts";
import { fieldsOf, sectionInList, type SectionName } from "./sections.ts";
import { loadSettings, type ReadFile } from "./settings-files.ts";

/** What a Receptor command line asks for. */
export type ReceptorRequest =
  | { readonly kind: "start"; readonly directives: readonly Directive[]; readonly files: readonly string[] }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "bash-completion" };

/**
 * Read the words after `receptor`: sections with their values, and files, mixed in any order.
 *
 * A node that is not named is not added here; ask {@link nodeSettings}. Source: Receptor specification §5.3.
 *
 * @throws {SettingsError} with every fault of files and command line.
 */
export function parseReceptorArgs(argv: readonly string[], readFile: ReadFile): ReceptorRequest {
  const faults = new Faults();
  const groups = groupsOf(argv, faults);
  const asked = new Set(groups.map(({ name }) => name));
  if (argv.length === 0 || asked.has("help") || asked.has("h")) return { kind: "help" };
  if (asked.has("bash-completion")) return { kind: "bash-completion" };
  if (asked.has("version")) {
    if (groups.length > 1) faults.add({ message: "cannot specify any other options with version", section: "version" });
    faults.throwIfAny();
    return { kind: "version" };
  }
  const files = groups.filter(isFile).flatMap(({ words }) => words.slice(0, 1));
  const directives = groups.flatMap((group) => readGroup(group, readFile, faults));
  checkDirectives(directives, faults);
  faults.throwIfAny();
  return { kind: "start", directives, files };
}

/** A word that starts with `-`, without its dashes and in lower case, and the words up to the next such. */
interface Group {
  readonly name: string;
  readonly words: string[];
}

function groupsOf(argv: readonly string[], faults: Faults): Group[] {
  const groups: Group[] = [];
  for (const word of argv) {
    const last = groups.at(-1);
    if (word.startsWith("-")) groups.push(startGroup(word));
    else if (last) last.words.push(word);
    else faults.add({ message: `unexpected argument ${word}`, hint: "sections start with --, as in --node id=NAME" });
  }
  return groups.filter(({ name }) => name !== "config-v2");
}

/** `--config=FILE` is what most programs take, so it is taken here too. */
function startGroup(word: string): Group {
  const [, name = "", file] = /^-+(config|c)=(.*)$/is.exec(word) ?? [];
  if (file !== undefined) return { name: name.toLowerCase(), words: [file] };
  return { name: word.replace(/^-+/, "").toLowerCase(), words: [] };
}

function isFile({ name }: Group): boolean {
  return name === "config" || name === "c";
}

function readGroup(group: Group, readFile: ReadFile, faults: Faults): Directive[] {
  if (!isFile(group)) return readSection(group, faults);
  const [path, extra] = group.words;
  if (path === undefined || path === "") {
    faults.add({ message: "--config needs a file name", hint: "write --config FILE" });
    return [];
  }
  if (extra !== undefined) faults.add({ message: `unexpected argument ${extra} after --config ${path}` });
  return loadSettings(path, readFile, faults);
}

function readSection({ name, words }: Group, faults: Faults): Directive[] {
  const section = sectionInList(name);
  if (!section) {
    const [beforeEquals = name] = name.split("=");
    const hint = `write --${beforeEquals} key=value, as two words`;
    faults.add({ ...unknownSection(name), ...(sectionInList(beforeEquals) && { hint }) });
    return [];
  }
  const value: DocumentNode = { kind: "map", entries: entriesOf(section, words, faults) };
  const directive = readDirective(section, value, { form: "arguments" }, faults);
  return directive ? [directive] : [];
}

function entriesOf(section: SectionName, words: readonly string[], faults: Faults): MapEntry[] {
  const entries = new Map<string, MapEntry>();
  for (const word of words) {
    const equals = word.indexOf("=");
    const written = equals < 0 ? bareKey(section) : word.slice(0, equals);
    if (written === undefined) {
      const message = `could not get barevalue for command ${section}: command does not allow bare values`;
      faults.add({ message, section, hint: `write key=value instead of ${word}` });
      continue;
    }
    const key = written.toLowerCase();
    const isList = fieldsOf(section).get(key)?.type === "texts";
    const text = word.slice(equals + 1);
    entries.set(key, { key: written, value: isList ? appended(entries.get(key)?.value, text) : textNode(text) });
  }
  return [...entries.values()];
}

function bareKey(section: SectionName): string | undefined {
  return [...fieldsOf(section)].find(([, field]) => field.bare)?.[0];
}

function textNode(value: string): DocumentNode {
  return { kind: "scalar", value };
}

/** A list given twice goes on; the first text may still be JSON. */
function appended(before: DocumentNode | undefined, text: string): DocumentNode {
  if (before === undefined) return textNode(text);
  const items = before.kind === "list" ? before.items : [before];
  return { kind: "list", items: [...items, textNode(text)] };
}
