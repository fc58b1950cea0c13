import { lookup } from "node:dns/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { systemCode } from "#core";
import {
  type BoundServer,
  type ListenerService,
  listen,
  listenError,
  serverOptions,
  surviveAcceptErrors,
} from "./bound-server.ts";
import { ControlError } from "./errors.ts";
import { hostAndPort, parseListenAddress } from "./listen-address.ts";

/** Listen on TCP without TLS. @throws {ControlError} */
export async function openTcpListener(text: string, service: ListenerService): Promise<BoundServer> {
  const server = createServer(serverOptions, (socket) => service.sessions.serve(socket, "tcp"));
  const address = await bindTcp(server, text, service);
  return { address: `tcp://${address}`, close: () => void server.close() };
}

/** Bind a TCP server to the text of `tcplisten`. @returns the `host:port` it got. @throws {ControlError} */
export async function bindTcp(server: Server, text: string, { limits, log }: ListenerService): Promise<string> {
  const { host, port } = parseListenAddress(text);
  const at = (address: string) => listen(server, { host: address, port, ipv6Only: false }, text, limits);
  if (host === undefined) await at("::").catch((error) => at(withoutIpv6(error)));
  else await at(await addressOf(host, text));
  surviveAcceptErrors(server, log, text);
  const bound = server.address() as AddressInfo;
  return hostAndPort(bound.address, bound.port);
}

/** IPv6 may be switched off altogether; then all addresses are the IPv4 ones. */
function withoutIpv6(error: unknown): string {
  const code = error instanceof ControlError ? systemCode(error.cause) : undefined;
  if (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL" || code === "EINVAL") return "0.0.0.0";
  throw error;
}

/** The address of a host name, IPv4 first as Receptor has it. */
async function addressOf(host: string, text: string): Promise<string> {
  try {
    return (await lookup(host, { verbatim: false })).address;
  } catch (error) {
    throw listenError(error, text);
  }
}
