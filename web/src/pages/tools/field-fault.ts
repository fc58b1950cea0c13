import { problemOf } from "../../api/problem.ts";

/** What is wrong with a field of a form. */
export interface FieldFault {
  readonly field: string;
  readonly says: string;
}

/** Fields that a refusal is about, the first that the form has counts. */
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  FILTER_REFUSED: ["filter"],
  FILTER_INVALID: ["filter"],
  INTERFACE_REFUSED: ["interface"],
  TARGET_REFUSED: ["target", "host", "url", "server", "name"],
  TARGET_UNRESOLVED: ["target", "host", "url", "server"],
};

/** Which field of a form an error is about, and what it says; undefined: it is about none. @param has whether there is one. */
export function fieldFault(error: unknown, has: (field: string) => boolean): FieldFault | undefined {
  const { code, detail } = problemOf(error);
  const known = fieldsOf[code]?.find(has);
  if (known !== undefined) return { field: known, says: detail };
  if (code !== "TOOL_PARAMS_INVALID") return undefined;
  // `params of tcp: port: must be …; host: …`
  const faults = detail.replace(/^params of \w+: /, "").split("; ");
  for (const fault of faults) {
    const [, field = "", says = ""] = /^(\w+)(?:\.\w+)*: (.+)$/s.exec(fault) ?? [];
    if (has(field)) return { field, says };
  }
  return undefined;
}
