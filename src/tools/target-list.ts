import { contains, type Network, overlap, parseNetwork } from "./address.ts";

/** What `private` stands for: RFC 1918 and RFC 4193. Not loopback: services there trust whoever is on the machine. */
const privateNetworks = networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7");

/**
 * Open only where a list names them, or a part of them: `any` and wide networks do not. Link-local addresses have the metadata
 * of clouds, with their credentials; the rest is more than one host, or none (RFC 6890), or a way round the rules for IPv4.
 */
const closedNetworks = networks(
  ...["169.254.0.0/16", "fe80::/10", "100.100.100.200/32"],
  ...["fd00:ec2::254/128", "fd20:ce::254/128", "fd00:c1::a9fe:a9fe/128"],
  ...["224.0.0.0/4", "ff00::/8", "255.255.255.255/32"],
  ...["0.0.0.0/8", "::/128", "240.0.0.0/4"],
  ...["64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::ffff:0:0:0/96"],
);

/** Hosts that tools may look at: `any`, `private`, addresses, networks, names, `*.` and a name. */
export class TargetList {
  readonly #isAny: boolean;
  readonly #networks: readonly Network[];
  readonly #names: readonly string[];

  constructor(entries: readonly string[]) {
    this.#isAny = entries.includes("any");
    const parsed = entries.map((entry) => parseNetwork(entry));
    const listed = parsed.filter((network) => network !== undefined);
    this.#networks = entries.includes("private") ? [...privateNetworks, ...listed] : listed;
    this.#names = entries.filter((_, n) => parsed[n] === undefined).map(canonicalName);
  }

  /** May all of this network be looked at? */
  allows(network: Network): boolean {
    if (closedNetworks.some((closed) => overlap(closed, network)) && !this.#opens(network)) return false;
    return this.#isAny || this.#networks.some((open) => contains(open, network));
  }

  /** May these addresses be looked at, which a listed name stands for? */
  allowsNamed(network: Network): boolean {
    return !closedNetworks.some((closed) => overlap(closed, network)) || this.#opens(network);
  }

  /** Whether a name is listed as such, so that it does not matter in which network its host is. */
  lists(name: string): boolean {
    const wanted = canonicalName(name);
    return this.#names.some((entry) =>
      entry.startsWith("*.") ? wanted.endsWith(entry.slice(1)) && wanted.length > entry.length - 1 : entry === wanted,
    );
  }

  /** Whether a name that is not listed could be let through by the address it stands for. */
  get hasNetworks(): boolean {
    return this.#isAny || this.#networks.length > 0;
  }

  /** Named by an entry that is no wider than what is closed. */
  #opens(network: Network): boolean {
    return this.#networks.some(
      (open) => contains(open, network) && closedNetworks.some((closed) => contains(closed, open)),
    );
  }
}

function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function networks(...texts: readonly string[]): Network[] {
  return texts.map((text) => parseNetwork(text)).filter((network) => network !== undefined);
}
