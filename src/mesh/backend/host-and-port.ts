import { MeshError } from "../errors.ts";

/** Where a neighbour is. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** `host:port` for people and for a dialer, with brackets round an IPv6 host. IPv4 in IPv6 is shown as IPv4. */
export function hostAndPort(host: string, port: number): string {
  const plain = host.replace(/^::ffff:(?=\d+\.)/i, "");
  return plain.includes(":") ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** The address of a peer (spec §5.4): `host:port`, `[IPv6]:port`; without a host this machine. @throws {MeshError} */
export function parseHostAndPort(text: string): HostAndPort {
  const found = /^(?:\[(?<bracketed>[^[\]]+)\]|(?<plain>[^:[\]]*)):(?<port>\d{1,5})$/.exec(text.trim())?.groups;
  const port = Number(found?.["port"]);
  if (!found || port < 1 || port > 65_535)
    throw new MeshError("DIAL_FAILED", `"${text}" is no address: give host:port, with brackets round an IPv6 host`);
  return { host: found["bracketed"] || found["plain"] || "localhost", port };
}
