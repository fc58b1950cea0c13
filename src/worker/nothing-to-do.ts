import { type Directive, sectionRow } from "./settings/mod.ts";

/**
 * Why a worker of these settings would run for nobody, or undefined. Receptor asks for a mesh connection (spec §5.3); to us
 * a control service of its own is as good (docs/decisions/0006).
 */
export function nothingToDo(directives: readonly Directive[]): string | undefined {
  const isOpen = directives.some(({ section }) => sectionRow(section).reloadable);
  const isAsked = directives.some(
    ({ section, values }) => section === "control-service" && Boolean(values.filename || values.tcplisten),
  );
  if (isOpen || isAsked) return undefined;
  return "Nothing to do - no backends are running, and no control service has a socket or a port";
}
