import {
  describeFault,
  type Directive,
  notReady,
  nothingToDo,
  parseSettings,
  readSettingsFile,
  sectionRow,
  SettingsError,
  type SettingsFault,
} from "#worker";
import type { Colours } from "./colours.ts";
import { unreadable } from "./files.ts";

/** What was found in one file. */
export interface ConfigReport {
  readonly file: string;
  readonly ok: boolean;
  /** Sections read; 0 where there are faults. */
  readonly sections: number;
  readonly faults: readonly SettingsFault[];
  /** What the file asks for and this version cannot do: a worker would refuse to start. */
  readonly notReady: readonly string[];
  /** What a worker with this file alone would miss; another file may have it. */
  readonly warnings: readonly string[];
}

/** Check one file by itself. */
export function checkConfig(file: string): ConfigReport {
  try {
    const directives = parseSettings(textOf(file), file);
    const warnings = startWarnings(directives);
    return { file, ok: true, sections: directives.length, faults: [], notReady: notReady(directives), warnings };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { file, ok: false, sections: 0, faults: error.faults, notReady: [], warnings: [] };
  }
}

/** Files that do one job and end, such as making a certificate, need nobody to reach them. */
function startWarnings(directives: readonly Directive[]): string[] {
  if (directives.some(({ section }) => sectionRow(section).exclusive)) return [];
  const idle = nothingToDo(directives);
  return idle === undefined ? [] : [`a worker with this file alone does not start: ${idle}`];
}

function textOf(file: string): string {
  try {
    return readSettingsFile(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** The report for people; each fault as compilers write it, `file:line:column: message`. */
export function checkLines(
  { file, ok, sections, faults, notReady, warnings }: ConfigReport,
  colours: Colours,
): string[] {
  const notes = [
    ...warnings.map((line) => `${colours.busy("warning:")} ${line}`),
    ...notReady.map((line) => `${colours.busy("note:")} ${line}`),
  ];
  if (ok) return [`${file}: ${colours.good("ok")}, ${sections} section${sections === 1 ? "" : "s"}`, ...notes];
  const count = `${faults.length} fault${faults.length === 1 ? "" : "s"}`;
  return [...faults.flatMap(faultLines), `${file}: ${colours.bad(count)}`];
}

function faultLines({ hint, ...fault }: SettingsFault): string[] {
  return [describeFault(fault), ...(hint === undefined ? [] : [`    ${hint}`])];
}
