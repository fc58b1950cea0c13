import { networkInterfaces } from "node:os";
import { isIP } from "node:net";
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
  const addresses = isIP(host) ? [host] : await lookup(host).catch(() => []);
  return addresses.map((address) => (local.includes(address) ? `port ${port}` : `(host ${address} and port ${port})`));
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}
