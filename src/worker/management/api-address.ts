import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { errorText } from "#core";
import { WorkerError } from "../errors.ts";

/** Port of the worker's API unless another is given. */
export const defaultApiPort = 8889;

/** Where the API listens. */
export interface ApiAddress {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

/**
 * What `api.listen` means: nothing, a port, a host, or `host:port` with IPv6 hosts in brackets; loopback unless it says
 * otherwise (CAT-15).
 *
 * @throws {WorkerError} API_UNSAFE for an address others can reach, without TLS; SETTINGS_INVALID.
 */
export async function apiAddress(listen: string | undefined, hasTls: boolean): Promise<ApiAddress> {
  const { host, port } = parse(listen ?? "");
  const address = isIP(host) > 0 ? host : await addressOf(host);
  if (!hasTls && !isLoopback(address)) {
    const why = `${host} can be reached from elsewhere, and there is no certificate (CAT-15)`;
    throw new WorkerError("API_UNSAFE", `the worker's API cannot listen on ${host}: ${why}`);
  }
  return { address, port };
}

/** Whether only this machine can come to an address. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address) || address === "::1";
}

/** `host:port`, with brackets round an IPv6 host. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function parse(text: string): { readonly host: string; readonly port: number } {
  const wanted = text.trim();
  if (isIP(wanted) > 0) return { host: wanted, port: defaultApiPort };
  const port = /^(?:(?<before>.*):)?(?<port>\d{1,5})$/.exec(wanted)?.groups;
  const host = (port ? port["before"] : wanted) || "127.0.0.1";
  const bare = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  const number = Number(port?.["port"] ?? defaultApiPort);
  const isHost = isIP(bare) > 0 || (bare === host && /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(host));
  if (!isHost || number > 65_535 || (isIP(bare) === 6 && bare === host))
    throw new WorkerError("SETTINGS_INVALID", `api.listen: "${text}" is no port, host or host:port`);
  return { host: bare, port: number };
}

async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host, { verbatim: false })).address;
  } catch (error) {
    throw new WorkerError("SETTINGS_INVALID", `api.listen: ${host} is no host: ${errorText(error)}`, { cause: error });
  }
}
