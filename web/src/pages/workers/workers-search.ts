/** What one can sort the workers by. */
export const sortKeys = ["state", "name", "host", "mode", "cpu", "memory", "response", "heard"] as const;
export type SortKey = (typeof sortKeys)[number];

/** What stands in the address of the page: a list that one has found can be sent to somebody. */
export interface WorkersSearch {
  readonly q?: string;
  readonly state?: string;
  readonly sort?: SortKey;
  readonly down?: boolean;
}

/** Anybody may have written the address: what is none of it is left out. */
export function workersSearch(given: Readonly<Record<string, unknown>>): WorkersSearch {
  const { q, state, sort, down } = given;
  const key = sortKeys.find((one) => one === sort);
  return {
    ...(typeof q === "string" && q !== "" && { q: q.slice(0, 200) }),
    ...(typeof state === "string" && state !== "" && { state: state.slice(0, 20) }),
    ...(key && { sort: key }),
    ...(down === true && { down }),
  };
}
