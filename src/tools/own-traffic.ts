import { networkInterfaces } from "node:os";
import { addressesOf, parseNetwork } from "./address.ts";
import type { Lookup } from "./resolve-target.ts";

/**
 * A pcap filter for what goes between the worker and those it speaks with; empty when there is nobody.
 *
 * A capture that sees its own bytes on their way to the server makes more of them with every packet (spec Quokka §5.1). A server
 * on this very machine is left out by its port alone, for its pages are asked for by any of its addresses.
 *
 * @param own `host:port` each; hosts may be names.
 */
export async function ownTrafficFilter(
  own: readonly string[],
  lookup: Lookup,
  local: readonly string[] = localAddresses(),
): Promise<string> {
  const clauses = await Promise.all(own.map((place) => clausesOf(place, lookup, local)));
  return [...new Set(clauses.flat())].join(" or ");
}

async function clausesOf(place: string, lookup: Lookup, local: readonly string[]): Promise<string[]> {
  const [, host = "", port = ""] = /^\[?([^\]]*)\]?:(\d{1,5})$/.exec(place) ?? [];
  if (port === "") return [];
  const written = addressesIn(host);
  const addresses = written.length > 0 ? written : (await lookup(host).catch(() => [])).flatMap(addressesIn);
  return addresses.map((address) => (local.includes(address) ? `port ${port}` : `(host ${address} and port ${port})`));
}

/** As packets bear it: without the zone it was written with, and IPv4 as IPv4. None of what is no address. */
function addressesIn(text: string): string[] {
  const network = text.includes("/") ? undefined : parseNetwork(text.replace(/%.*$/, ""));
  return network ? addressesOf(network) : [];
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}
