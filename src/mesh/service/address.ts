import { MeshError } from "../errors.ts";

/** Host and port of a proxy's `address`: `host:port`, an IPv6 host in brackets. @throws {MeshError} `DIAL_FAILED` */
export function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535)
    throw new MeshError("DIAL_FAILED", `cannot connect to "${text}": give host:port, the port as a number`);
  return { host: bracketed ?? (plain || "localhost"), port };
}

/** `host:port`, with brackets round an IPv6 host. */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
