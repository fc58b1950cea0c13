import { BlockList, isIP, isIPv4, SocketAddress } from "node:net";

/** Proxies whose word on where a request comes from is taken (CAT-126). */
export class TrustedProxies {
  readonly #list = new BlockList();

  /** @param addresses single ones, or networks as `10.0.0.0/8`. @throws {TypeError} when one is neither. */
  constructor(addresses: readonly string[]) {
    for (const text of addresses) {
      const [address = "", bits] = text.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (isIP(address) === 0) throw new TypeError(`a trusted proxy is an address or a network, not ${text}`);
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  has(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
  }
}

/** An IPv4 address that came through a socket for both is written as what it is. */
export function plainAddress(address: string | undefined): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address ?? "")?.[1];
  return mapped ?? address ?? "";
}

/** An address in the one spelling that all its spellings share, without a zone; what is none stays as it is. */
export function spelledAlike(address: string): string {
  const plain = plainAddress(address.replace(/%.*$/s, ""));
  if (isIP(plain) !== 6) return plain;
  return plainAddress(new SocketAddress({ address: plain, family: "ipv6" }).address);
}

/**
 * Where a request comes from: the socket's address, unless a trusted proxy says another; then the last one in its list
 * that is no trusted proxy itself. What stands left of that one, anybody can have written.
 */
export function clientAddress(socket: string, forwardedFor: string | undefined, trusted: TrustedProxies): string {
  let address = plainAddress(socket);
  const hops = (forwardedFor ?? "").split(",").map((hop) => plainAddress(hop.trim()));
  while (trusted.has(address)) {
    const hop = hops.pop();
    if (hop === undefined || isIP(hop) === 0) return address;
    address = hop;
  }
  return address;
}
