import { WorkerError } from "../errors.ts";
import type { Directive, Place } from "./directive.ts";
import { type SectionName, sectionRow } from "./sections.ts";

/** One line for each section that needs a feature of a later version; starting must refuse them. */
export function notReady(directives: readonly Directive[]): string[] {
  return directives.flatMap(({ section, at }) => {
    const { later } = sectionRow(section);
    return later === undefined ? [] : [refusal(section, at, later)];
  });
}

/** @throws {WorkerError} `FEATURE_NOT_READY` with the lines of {@link notReady}, when there are any. */
export function refuseNotReady(directives: readonly Directive[]): void {
  const lines = notReady(directives);
  if (lines.length > 0) throw new WorkerError("FEATURE_NOT_READY", lines.join("\n"));
}

function refusal(section: SectionName, { file, position }: Place, feature: string): string {
  const line = position === undefined ? "" : `:${position.line}`;
  const place = file === undefined ? "on the command line" : `at ${file}${line}`;
  return `${section} ${place}: ${feature} comes with a later version of Farhand; remove the section to start without it`;
}
