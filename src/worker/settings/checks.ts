import { checkBackend } from "./checks/backends.ts";
import { checkCertificate } from "./checks/certificates.ts";
import { checkControl } from "./checks/control.ts";
import { checkFirewall } from "./checks/firewall.ts";
import { checkNode } from "./checks/node.ts";
import { checkProfiles } from "./checks/profiles.ts";
import { checkProvenNodeIds } from "./checks/proven-node-id.ts";
import { checkService } from "./checks/services.ts";
import { checkSigning, checkVerifiedTypes } from "./checks/signing.ts";
import { checkTls } from "./checks/tls.ts";
import { checkSingletons } from "./checks/singletons.ts";
import { checkWorkRules } from "./checks/work-rules.ts";
import { checkWorkTypes } from "./checks/work-types.ts";
import type { Directive } from "./directive.ts";
import type { Faults } from "./faults.ts";

/** A check of one section by itself. It looks away from sections that are not its business. */
export type DirectiveCheck = (directive: Directive, faults: Faults) => void;

/** A check of sections against each other. */
export type TogetherCheck = (directives: readonly Directive[], faults: Faults) => void;

const each: readonly DirectiveCheck[] = [
  checkNode,
  checkFirewall,
  checkWorkRules,
  checkControl,
  checkTls,
  checkBackend,
  checkService,
  checkCertificate,
  checkSigning,
];

const together: readonly TogetherCheck[] = [checkSingletons, checkWorkTypes];

/** Everything that can be said of sections without looking at the machine. Faults are noted. */
export function checkDirectives(directives: readonly Directive[], faults: Faults): void {
  // A section with a fault is missing from the list: do not blame others for naming it.
  const whole = !faults.any;
  for (const directive of directives) for (const check of each) check(directive, faults);
  for (const check of together) check(directives, faults);
  if (!whole) return;
  checkProfiles(directives, faults);
  checkProvenNodeIds(directives, faults);
  checkVerifiedTypes(directives, faults);
}
