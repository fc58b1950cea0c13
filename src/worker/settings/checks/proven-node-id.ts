import { type Directive, directivesOf, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";

/** Who demands that neighbours prove their ids must ask for certificates, and verify them. Profiles that are named exist. */
export function checkProvenNodeIds(directives: readonly Directive[], faults: Faults): void {
  for (const directive of directives) {
    const { values } = directive;
    if (!("provennodeid" in values) || !values.provennodeid) continue;
    const why = values.tls ? whatProfileLacks(directives, directive.section, values.tls) : "there is no tls";
    if (why !== undefined)
      faults.add(faultOf(directive, "provennodeid", `provennodeid would turn everybody away: ${why}`));
  }
}

function whatProfileLacks(directives: readonly Directive[], section: string, name: string): string | undefined {
  if (section.endsWith("-peer")) {
    const profile = directivesOf(directives, "tls-client").find(({ values }) => values.name === name);
    return profile?.values.insecureskipverify ? `${name} verifies nothing (insecureskipverify)` : undefined;
  }
  const profile = directivesOf(directives, "tls-server").find(({ values }) => values.name === name);
  const asks = profile === undefined || profile.values.requireclientcert || profile.values.clientcas;
  return asks ? undefined : `${name} asks for no certificates of clients (requireclientcert)`;
}
