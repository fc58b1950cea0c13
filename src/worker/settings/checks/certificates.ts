import { isIP } from "node:net";
import { type Directive, type DirectiveOf, faultOf } from "../directive.ts";
import type { Faults } from "../faults.ts";

/** Rules of the certificate helpers. Source: Receptor specification §5.6. */
export function checkCertificate(directive: Directive, faults: Faults): void {
  if (directive.section === "cert-makereq") checkRequest(directive, faults);
  if (directive.section !== "cert-init" && directive.section !== "cert-signreq") return;
  for (const key of ["notbefore", "notafter"] as const) {
    const time = directive.values[key];
    if (!time || isTime(time)) continue;
    faults.add(faultOf(directive, key, `${time} is not a time`, "write it like 2030-01-31T00:00:00Z"));
  }
}

function checkRequest(directive: DirectiveOf<"cert-makereq">, faults: Faults): void {
  const { inkey, outkey, bits, ipaddress = [] } = directive.values;
  const add = (key: string | undefined, message: string) => faults.add(faultOf(directive, key, message));
  if (!inkey && !outkey) add(undefined, "must provide either InKey or OutKey");
  if (inkey && outkey) add("inkey", "cannot use both InKey and OutKey");
  if (inkey && !outkey && bits) add("bits", "cannot specify key bits when reading an already-existing key");
  if (outkey && !inkey && !bits) add("outkey", "must specify key bits when creating a new key");
  for (const address of ipaddress) if (isIP(address) === 0) add("ipaddress", `invalid IP address: ${address}`);
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
}
