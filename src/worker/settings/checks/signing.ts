import { type Directive, directivesOf, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";

/** A section about signatures names the keys it is there for. Farhand's own rules. */
export function checkSigning(directive: Directive, faults: Faults): void {
  const fault = (key: string, message: string, hint: string) => faults.add(faultOf(directive, key, message, hint));
  if (directive.section === "work-signing") {
    const { privatekey, orderkey } = directive.values;
    if (!privatekey && !orderkey) fault("privatekey", "work-signing names no key", "set privatekey, orderkey or both");
  }
  if (directive.section !== "work-verification") return;
  const { publickey, orderkeys, revoked, requireorder } = directive.values;
  if (!publickey && !orderkeys) {
    fault("publickey", "work-verification names no key", "set publickey, orderkeys or both");
  }
  if (orderkeys) return;
  const hint = "name the keys of signed orders with orderkeys";
  if (revoked) fault("revoked", "keys of tokens cannot be revoked", hint);
  if (requireorder) fault("requireorder", "requireorder would refuse all signed work", hint);
}

/** A type that asks for signatures can be given them. Source: Receptor specification §2.8. */
export function checkVerifiedTypes(directives: readonly Directive[], faults: Faults): void {
  if (directivesOf(directives, "work-verification").length > 0) return;
  for (const directive of [
    ...directivesOf(directives, "work-command"),
    ...directivesOf(directives, "work-loop"),
    ...directivesOf(directives, "work-tool"),
  ]) {
    const { worktype, verifysignature } = directive.values;
    if (!verifysignature) continue;
    const message = `VerifySignature for work command '${worktype}' is true, but the work verification public key is not specified`;
    const hint = "add a work-verification section, or anybody who reaches the control service could submit such work";
    faults.add(faultOf(directive, "verifysignature", message, hint));
  }
}
