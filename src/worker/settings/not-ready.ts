import { WorkerError } from "../errors.ts";
import type { Directive } from "./directive.ts";
import { sectionRow } from "./sections.ts";

/**
 * One line for each section that needs a feature of a later version; starting must refuse them.
 *
 * Profiles that nothing uses, `local-only` and `trace` are fine.
 */
export function notReady(directives: readonly Directive[]): string[] {
  return directives.flatMap((directive) => {
    const { later } = sectionRow(directive.section);
    if (later === undefined) return keysNotReady(directive);
    const without =
      directive.section.endsWith("-peer") || directive.section.endsWith("-listener") ? "alone" : "without it";
    return [refusal(directive, undefined, later, `remove the section to start this worker ${without}`)];
  });
}

/** @throws {WorkerError} `FEATURE_NOT_READY` with the lines of {@link notReady}, when there are any. */
export function refuseNotReady(directives: readonly Directive[]): void {
  const lines = notReady(directives);
  if (lines.length > 0) throw new WorkerError("FEATURE_NOT_READY", lines.join("\n"));
}

function keysNotReady(directive: Directive): string[] {
  if (directive.section === "node" && (directive.values.firewallrules ?? []).length > 0) {
    return [
      refusal(directive, "firewallrules", "filtering mesh messages", "remove the key to start this worker alone"),
    ];
  }
  return [];
}

function refusal({ section, at }: Directive, key: string | undefined, feature: string, remedy: string): string {
  const line = (key === undefined ? undefined : at.keys.get(key)?.line) ?? at.position?.line;
  const place = at.file === undefined ? "on the command line" : `at ${at.file}${line === undefined ? "" : `:${line}`}`;
  const what = key === undefined ? section : `${key} of ${section}`;
  return `${what} ${place}: ${feature} comes with a later version of Farhand; ${remedy}`;
}
