import { type ProbeKind, probeKinds } from "#tools/wire";
import { type Refused, refusedIn } from "../tools/start-each.ts";
import { unitNames } from "../tools/unit-names.ts";

type Search = Readonly<Record<string, unknown>>;

/** Which kind of probe is listed. */
export function probesSearch({ kind }: Search): { readonly kind?: ProbeKind } {
  const named = probeKinds.find((one) => one === kind);
  return named ? { kind: named } : {};
}

/** Which probes the address names, who refused to make one, and how many must agree. */
export interface SeenSearch {
  readonly of: readonly string[];
  readonly refused?: readonly Refused[];
  readonly quorum?: number;
}

export function seenSearch({ of, refused, quorum }: Search): SeenSearch {
  const others = refusedIn(refused);
  const isNumber = typeof quorum === "number" && Number.isInteger(quorum) && quorum > 0;
  return { of: unitNames(of), ...(others.length > 0 && { refused: others }), ...(isNumber && { quorum }) };
}
