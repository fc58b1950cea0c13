import { type Refused, refusedIn } from "../tools/start-each.ts";
import { unitNames } from "../tools/unit-names.ts";

/** Most traceroutes that are shown beside each other. */
const most = 16;

/** Which traceroutes the address names, and who refused to make one. */
export interface PathSearch {
  readonly of: readonly string[];
  readonly refused?: readonly Refused[];
}

export function pathSearch({ of, refused }: Readonly<Record<string, unknown>>): PathSearch {
  const others = refusedIn(refused);
  return { of: unitNames(of, most), ...(others.length > 0 && { refused: others }) };
}
