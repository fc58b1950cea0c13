import { lookup as systemLookup } from "node:dns/promises";
import { errorText } from "#core";
import { addressesOf, type Network, parseNetwork } from "./address.ts";
import { ToolError } from "./errors.ts";
import type { TargetList } from "./target-list.ts";
import type { ResolvedTarget } from "./tool.ts";

/** A host counts as one target whatever its name says; whoever answers for it must not make a network of it. */
const mostOfName = 8;

/** Addresses of a name, as the machine's resolver gives them. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** Of the system: its hosts file, its name servers, in its order. */
export const lookupName: Lookup = async (name) =>
  (await systemLookup(name, { all: true, verbatim: true })).map(({ address }) => address);

/**
 * What can be said of a target before its name is resolved: an address or a network outside the list, a name that no list could
 * let through. Pure.
 *
 * @throws {ToolError} `TARGET_REFUSED`.
 */
export function checkTarget(host: string, list: TargetList): void {
  const network = parseNetwork(host);
  if (network ? !list.allows(network) : !isPossibleName(host) || !(list.lists(host) || list.hasNetworks)) {
    throw refused(host);
  }
}

/**
 * The addresses of a target that may be used. A name is asked for this once: what comes out is what is checked, and what the tool
 * is given. So a name whose answer changes in between (DNS rebinding) gains nothing.
 *
 * @throws {ToolError} `TARGET_REFUSED`, `NAME_UNKNOWN`, `BUDGET_EXCEEDED` for a network with more than `most` addresses.
 */
export async function resolveTarget(
  host: string,
  list: TargetList,
  most: number,
  lookup: Lookup,
): Promise<ResolvedTarget> {
  checkTarget(host, list);
  const network = parseNetwork(host);
  if (network) {
    if (network.size > BigInt(most)) throw tooMany(host, network.size, most);
    return { host, addresses: addressesOf(network) };
  }
  const found = await addressesOfName(host, lookup);
  const open = found.filter((one) => (list.lists(host) ? list.allowsNamed(one) : list.allows(one)));
  if (open.length === 0) throw refused(host, found);
  return { host, addresses: [...new Set(open.flatMap(addressesOf))].slice(0, mostOfName) };
}

/** More targets than allowed, all together. */
export function tooMany(what: string, count: bigint | number, most: number): ToolError {
  return new ToolError(
    "BUDGET_EXCEEDED",
    `${what} has ${count} addresses, and this worker allows ${most} in one run: ask for fewer, or raise its \`maxtargets\``,
  );
}

async function addressesOfName(name: string, lookup: Lookup): Promise<Network[]> {
  try {
    return (await lookup(name)).map((address) => parseNetwork(address)).filter((one) => one !== undefined);
  } catch (error) {
    throw new ToolError("NAME_UNKNOWN", `this worker cannot resolve ${name}: ${errorText(error)}`, { cause: error });
  }
}

/** Names with a slash are networks gone wrong. */
function isPossibleName(host: string): boolean {
  return /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253})$/.test(host);
}

function refused(host: string, found: readonly Network[] = []): ToolError {
  const addresses = found.slice(0, 4).flatMap(addressesOf).join(", ");
  const which = addresses === "" ? host : `${host} (${addresses})`;
  return new ToolError(
    "TARGET_REFUSED",
    `this worker's tools may not look at ${which}: it is not among the \`targets\` of its \`tools\``,
  );
}
