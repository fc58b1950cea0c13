import { type Directive, directivesOf, faultOf, valueOf } from "../directive.ts";
import { didYouMean } from "../did-you-mean.ts";
import type { Faults } from "../faults.ts";
import { fieldsOf } from "../sections.ts";

/** Every TLS profile that is named must exist, before or after. Source: Receptor specification §5.3, §4.5. */
export function checkProfiles(directives: readonly Directive[], faults: Faults): void {
  const names = {
    "tls-server": new Set(directivesOf(directives, "tls-server").map(({ values }) => values.name)),
    // The client profile `default` is always there: the system's authorities, no certificate.
    "tls-client": new Set(["default", ...directivesOf(directives, "tls-client").map(({ values }) => values.name)]),
  };
  for (const directive of directives) {
    for (const [key, { profile }] of fieldsOf(directive.section)) {
      const name = valueOf(directive, key);
      if (profile === undefined || typeof name !== "string" || name === "" || names[profile].has(name)) continue;
      const hint = didYouMean(name, names[profile]) ?? `define a ${profile} of that name`;
      faults.add(faultOf(directive, key, `unknown TLS config ${name}`, hint));
    }
  }
}
