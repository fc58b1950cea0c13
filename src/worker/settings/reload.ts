import { errorText } from "#core";
import { SettingsError } from "../errors.ts";
import { checkDirectives } from "./checks.ts";
import type { Directive } from "./directive.ts";
import { directiveText } from "./directive-text.ts";
import { Faults } from "./faults.ts";
import { sectionRow } from "./sections.ts";
import { loadSettings, type ReadFile } from "./settings-files.ts";

/** What the control command `reload` may do, or the text it answers with. */
export type ReloadPlan =
  | { readonly ok: true; readonly directives: readonly Directive[] }
  | { readonly ok: false; readonly error: string };

/**
 * Read the files of the start again and compare. Sections of the command line stay as they are.
 *
 * Source: Receptor specification §5.7.
 */
export function planReload(atStart: readonly Directive[], files: readonly string[], readFile: ReadFile): ReloadPlan {
  if (files.length === 0) return refuse("no configuration file was provided, reload function not set", 4);
  try {
    return reloadPlan(atStart, readAgain(atStart, files, readFile));
  } catch (error) {
    if (error instanceof SettingsError) return refuse(errorText(error).replaceAll("\n", "; "), 4);
    throw error;
  }
}

/** Compare the sections of the start with those of now: only reloadable ones may differ. */
function reloadPlan(atStart: readonly Directive[], now: readonly Directive[]): ReloadPlan {
  const before = countFixed(atStart);
  const after = countFixed(now);
  for (const [written, { section, count }] of after) {
    if (count <= (before.get(written)?.count ?? 0)) continue;
    const what = `a non-reloadable config action '${section}' was modified or added`;
    return refuse(`${what}. Must restart receptor for these changes to take effect`, 3);
  }
  for (const [written, { section, count }] of before) {
    if (count <= (after.get(written)?.count ?? 0)) continue;
    const what = `a non-reloadable config action '${section}' was removed`;
    return refuse(`${what}. Must restart receptor for changes to take effect`, 3);
  }
  return { ok: true, directives: now };
}

function refuse(message: string, code: 3 | 4): ReloadPlan {
  return { ok: false, error: `${message} ERRORCODE ${code}` };
}

function readAgain(atStart: readonly Directive[], files: readonly string[], readFile: ReadFile): Directive[] {
  const faults = new Faults();
  const fromFiles = files.flatMap((file) => loadSettings(file, readFile, faults));
  const all = [...atStart.filter(({ at }) => at.file === undefined), ...fromFiles];
  checkDirectives(all, faults);
  faults.throwIfAny();
  return all;
}

/** How often each non-reloadable section occurs, by its text. */
function countFixed(directives: readonly Directive[]): Map<string, { section: string; count: number }> {
  const counts = new Map<string, { section: string; count: number }>();
  for (const directive of directives) {
    const { section } = directive;
    if (sectionRow(section).reloadable) continue;
    const written = directiveText(directive);
    counts.set(written, { section, count: (counts.get(written)?.count ?? 0) + 1 });
  }
  return counts;
}
