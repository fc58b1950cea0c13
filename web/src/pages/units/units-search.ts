import { type Refused, refusedIn } from "../tools/start-each.ts";
import { unitNames } from "../tools/unit-names.ts";

/** Which units the address names, on whichever workers, and who refused to start one. */
export interface TogetherSearch {
  readonly of: readonly string[];
  readonly refused?: readonly Refused[];
}

export function togetherSearch({ of, refused }: Readonly<Record<string, unknown>>): TogetherSearch {
  const others = refusedIn(refused);
  return { of: unitNames(of), ...(others.length > 0 && { refused: others }) };
}
