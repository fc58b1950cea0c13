import { checkDirectives } from "./checks.ts";
import type { Directive } from "./directive.ts";
import { Faults } from "./faults.ts";
import { readListForm } from "./list-form.ts";
import { readMapForm } from "./map-form.ts";
import { readYaml } from "./yaml.ts";

/** Settings are small. A file above this many characters is something else, given by mistake. */
export const largestSettings = 256 * 1024;

/**
 * The sections of a settings file in either form, checked and typed, in the order written.
 *
 * The form is told by the document's shape: a sequence is list form, a mapping is map form. An empty file has no sections.
 *
 * @throws {SettingsError} `SETTINGS_INVALID` with every fault of the file.
 */
export function parseSettings(text: string, file: string): Directive[] {
  const faults = new Faults();
  const directives = readSettings(text, file, faults);
  checkDirectives(directives, faults);
  faults.throwIfAny();
  return directives;
}

/** The sections of one file, not yet checked against each other; for when there are more files or a command line. */
export function readSettings(text: string, file: string, faults: Faults): Directive[] {
  const fault = (message: string, hint: string): Directive[] => {
    faults.add({ message: `error loading config file: ${message}`, file, hint });
    return [];
  };
  if (text.length > largestSettings)
    return fault("the file is too large", `the limit is ${largestSettings} characters`);
  const document = readYaml(text, file, faults);
  if (document === undefined) return [];
  if (document.kind === "list") return readListForm(document, file, faults);
  if (document.kind === "map") return readMapForm(document, file, faults);
  return fault("the file holds neither a list nor a mapping", "start with `- node: {id: NAME}`");
}
