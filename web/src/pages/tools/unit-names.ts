/** Most units that an address names. */
const most = 100;

/** A unit and where it is. */
export interface UnitPlace {
  readonly worker: string;
  readonly unit: string;
}

/** Names of units in an address, as far as they are names: `worker/unit`, each with what is not plain encoded. */
export function unitNames(of: unknown, atMost = most): readonly string[] {
  const named = Array.isArray(of) ? of : [];
  return named.filter((one): one is string => typeof one === "string").slice(0, atMost);
}

/** As the address has it. */
export const unitName = ({ worker, unit }: UnitPlace): string =>
  `${encodeURIComponent(worker)}/${encodeURIComponent(unit)}`;

/** Back from there. */
export function unitPlace(name: string): UnitPlace {
  const [worker = "", unit = ""] = name.split("/");
  try {
    return { worker: decodeURIComponent(worker), unit: decodeURIComponent(unit) };
  } catch {
    return { worker, unit };
  }
}
