import { ToolError } from "./errors.ts";
import type { FilterPolicy } from "./wire.ts";

/** Longest filter that is looked at. */
export const maxFilterChars = 2_000;

/** All that filters of pcap are written with (pcap-filter(7)). No quotes, no `;`, nothing that ends a line. */
const filterText = /^[A-Za-z0-9 ._:/()[\]&|!<>=+*,\\-]*$/;

/**
 * The filter that a capture must use.
 *
 * The required one stands in front, so that words which move what follows (`vlan`, `mpls`) move nothing of it; and what was asked
 * is whole in its parentheses, so that it cannot end them.
 *
 * @param asked a filter, `@name`, or nothing for every packet. @throws {ToolError} `FILTER_REFUSED`.
 */
export function allowedFilter(asked: string, policy: FilterPolicy): string {
  const wanted = asked.trim();
  const filter = wanted.startsWith("@") ? namedFilter(wanted.slice(1), policy) : freeFilter(wanted, policy);
  const { required = "" } = policy;
  if (required === "" || filter === "") return required || filter;
  return `(${required}) and (${filter})`;
}

function namedFilter(name: string, { named }: FilterPolicy): string {
  const filter = Object.hasOwn(named, name) ? named[name] : undefined;
  if (filter === undefined) throw refused(`there is no filter @${name.slice(0, 64)}`, named);
  return filter;
}

function freeFilter(filter: string, { allow, named }: FilterPolicy): string {
  if (allow !== "any") throw refused("only named filters may be used", named);
  const fault = filterFault(filter);
  if (fault !== undefined) throw new ToolError("FILTER_REFUSED", `this is no filter: ${fault}`);
  return filter;
}

/** What is wrong with a filter as far as can be seen without pcap; undefined when nothing is. */
export function filterFault(filter: string): string | undefined {
  if (filter.length > maxFilterChars) return `it is longer than ${maxFilterChars} characters`;
  if (filter.startsWith("-")) return "it begins with a -";
  if (!filterText.test(filter)) return "it has a character that no filter has";
  return bracketFault(filter);
}

const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]" };

function bracketFault(filter: string): string | undefined {
  const open: string[] = [];
  for (const character of filter) {
    const end = closing[character];
    if (end !== undefined) open.push(end);
    else if ((character === ")" || character === "]") && open.pop() !== character) return `a ${character} too many`;
  }
  return open.length > 0 ? `a ${open.at(-1)} is missing` : undefined;
}

function refused(why: string, named: FilterPolicy["named"]): ToolError {
  const names = Object.keys(named).map((name) => `@${name}`);
  const which = names.length > 0 ? names.join(", ") : "none";
  return new ToolError("FILTER_REFUSED", `this worker says: ${why}; it has ${which}`);
}
