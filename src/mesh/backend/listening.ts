import type { AddressInfo, Server } from "node:net";
import { errorText, type Log, systemCode } from "#core";
import { MeshError } from "../errors.ts";
import { hostAndPort } from "./host-and-port.ts";
import { SparingLog } from "./sparing-log.ts";

/** Where a listener listens. */
export interface ListenAt {
  /** 0: any that is free. */
  readonly port: number;
  /** Default `0.0.0.0`, which means every address, IPv6 too (spec §3.2). */
  readonly bindAddress?: string | undefined;
}

/** Bind to every address by IPv6, which takes IPv4 in, or to IPv4 where IPv6 is switched off; or to the one asked. */
export async function bindDualStack(bindAddress: string, bind: (host: string) => Promise<void>): Promise<void> {
  if (bindAddress !== "" && bindAddress !== "0.0.0.0") return await bind(bindAddress);
  try {
    await bind("::");
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (!["EAFNOSUPPORT", "EADDRNOTAVAIL", "EINVAL"].includes(code)) throw error;
    await bind("0.0.0.0");
  }
}

/**
 * Bind a TCP server and listen. A failed accept later (no descriptors left) ends nothing.
 *
 * @param name of the listener, for errors and the log.
 * @returns where it listens. @throws {MeshError} `LISTEN_FAILED`
 */
export async function listenTcp(server: Server, at: ListenAt, name: string, log: Log): Promise<string> {
  const { port, bindAddress = "" } = at;
  try {
    await bindDualStack(bindAddress, (host) => listenOnce(server, host, port));
  } catch (error) {
    throw listenError(error, name, at);
  }
  surviveAcceptErrors(server, log, name);
  const bound = server.address() as AddressInfo;
  return hostAndPort(bound.address, bound.port);
}

function listenOnce(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, ipv6Only: false, backlog: 1024 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function surviveAcceptErrors(server: Server, log: Log, name: string): void {
  const sparing = new SparingLog(log);
  server.on("error", (error) => sparing.warn(`${name} could not accept a connection: ${errorText(error)}`));
}

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there: stop it or choose another port",
  EADDRNOTAVAIL: "this machine has no such address: give one of its own, or 0.0.0.0 for all",
  EACCES: "this user may not: choose a port above 1023",
  ENOTFOUND: "no such host: give an address of this machine",
};

/** The error for what the system said about binding. */
export function listenError(error: unknown, name: string, { port, bindAddress }: ListenAt): MeshError {
  const where = hostAndPort(bindAddress || "0.0.0.0", port);
  const remedy = remedies[systemCode(error) ?? ""];
  const why = remedy ? `${remedy} (${errorText(error)})` : errorText(error);
  return new MeshError("LISTEN_FAILED", `${name} cannot listen on ${where}: ${why}`, { cause: error });
}
