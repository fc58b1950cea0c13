import { isIP } from "node:net";

/** Where a worker of Quokka is: an address or a name, and the port of its broker where that is not the usual one. */
export interface QuokkaPlace {
  readonly host: string;
  readonly brokerPort: number;
}

/** The port of RabbitMQ, which that program goes by (spec §4.2). */
const usualPort = 5672;

/** `HOST` or `HOST:PORT`; undefined: neither. An IPv6 address stands alone. */
export function quokkaPlace(text: string): QuokkaPlace | undefined {
  if (isIP(text) !== 0) return { host: text, brokerPort: usualPort };
  const [, host = "", port] = /^([A-Za-z0-9](?:[\w.-]{0,251}[A-Za-z0-9])?)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === "" || Number(port ?? 1) > 65_535) return undefined;
  return { host, brokerPort: port === undefined ? usualPort : Number(port) };
}
