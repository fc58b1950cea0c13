import { type Directive, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";

/** What a TLS profile says without its files. Source: Receptor specification §4.5. */
export function checkTls(directive: Directive, faults: Faults): void {
  const add = (kind: string, key: string, message: string) =>
    faults.add(faultOf(directive, key, `error preparing tls ${kind} config: ${message}`));
  if (directive.section === "tls-server") {
    checkPins("server", "pinnedclientcert", directive.values.pinnedclientcert, add);
  }
  if (directive.section === "tls-client") {
    const { cert, key, pinnedservercert } = directive.values;
    if ((cert === "") !== (key === "")) add("client", "cert", "cert and key must both be supplied or neither");
    checkPins("client", "pinnedservercert", pinnedservercert, add);
  }
}

function checkPins(
  kind: string,
  key: string,
  pins: readonly string[] | undefined,
  add: (kind: string, key: string, message: string) => void,
): void {
  for (const pin of pins ?? []) {
    const digits = pin.replaceAll(":", "");
    if (!/^([0-9a-f]{2})*$/i.test(digits)) add(kind, key, `fingerprint ${pin} is not hexadecimal`);
    else if (digits.length !== 64 && digits.length !== 128) {
      add(kind, key, "fingerprints must be 32 or 64 bytes for sha256 or sha512");
    }
  }
}
