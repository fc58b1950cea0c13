import { ControlError } from "./errors.ts";

/** Where to listen. Without a host: on every address, IPv6 and IPv4. */
export interface ListenAddress {
  readonly host?: string;
  readonly port: number;
}

/** Text of `tcplisten` (spec §1.1): a port, or `host:port` with IPv6 hosts in brackets. @throws {ControlError} */
export function parseListenAddress(text: string): ListenAddress {
  const found = /^(?:(?:\[(?<bracketed>[^[\]]+)\]|(?<plain>[^:[\]]*)):)?(?<port>\d{1,5})$/.exec(text.trim());
  const port = Number(found?.groups?.["port"]);
  if (!found || port > 65535)
    throw new ControlError(
      "LISTEN_ADDRESS_INVALID",
      `cannot listen on "${text}": give a port (0 to 65535) or host:port, with brackets round an IPv6 host`,
    );
  const host = found.groups?.["bracketed"] ?? found.groups?.["plain"];
  return host ? { host, port } : { port };
}

/** `host:port` for people and for a client, with brackets round an IPv6 host. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
