/** Most traceroutes that are shown beside each other. */
const most = 16;

/** Which traceroutes the address names: `worker/unit`, each with what is not plain encoded. */
export function pathSearch({ of }: Readonly<Record<string, unknown>>): { readonly of: readonly string[] } {
  const named = Array.isArray(of) ? of : [];
  return { of: named.filter((one): one is string => typeof one === "string").slice(0, most) };
}

/** As the address has it. */
export const pathName = ({ worker, unit }: { readonly worker: string; readonly unit: string }): string =>
  `${encodeURIComponent(worker)}/${encodeURIComponent(unit)}`;

/** Back from there. */
export function pathPlace(name: string): { readonly worker: string; readonly unit: string } {
  const [worker = "", unit = ""] = name.split("/");
  try {
    return { worker: decodeURIComponent(worker), unit: decodeURIComponent(unit) };
  } catch {
    return { worker, unit };
  }
}
