import { type Directive, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";
import { type SectionName, sectionRow } from "../sections.ts";

/** Sections that may stand only once, and those that stand alone. Source: Receptor specification §5.2, §5.3. */
export function checkSingletons(directives: readonly Directive[], faults: Faults): void {
  const seen = new Set<SectionName>();
  for (const directive of directives) {
    const { section } = directive;
    const { singleton, exclusive } = sectionRow(section);
    if (singleton && seen.has(section)) faults.add(faultOf(directive, undefined, twice(directive)));
    // In map form the certificate helpers may stand together: they run one after the other, before anything else.
    if (exclusive && directives.length > 1 && directive.at.form !== "map") {
      faults.add(faultOf(directive, undefined, `cannot specify any other options with ${section}`));
    }
    seen.add(section);
  }
}

function twice({ section, at }: Directive): string {
  return at.form === "arguments"
    ? `directive "${section}" is only allowed once`
    : `only one ${section} directive is allowed`;
}
