import type { TlsClientSource } from "#core";
import type { Session } from "../backend.ts";
import { dialError } from "../dial-error.ts";
import { hostAndPort, type HostAndPort, parseHostAndPort } from "../host-and-port.ts";
import { type DialerBackend, type RedialOptions, redialling } from "../redial.ts";
import { FramedSession } from "./framed-session.ts";
import { connectTcp, connectTlsTo } from "./sockets.ts";

/** A `tcp-peer` section (spec §5.4). */
export interface TcpPeerSettings {
  /** `host:port`, brackets round an IPv6 host. */
  readonly address: string;
  readonly tls?: TlsClientSource | undefined;
}

/** A dialer over TCP, with TLS when a profile is given. @throws {MeshError} `DIAL_FAILED` for what is no address. */
export function tcpPeer({ address, tls }: TcpPeerSettings, options: RedialOptions = {}): DialerBackend {
  const to = parseHostAndPort(address);
  const description = `tcp-peer ${hostAndPort(to.host, to.port)}`;
  return redialling({ description, dial: (signal) => dial(to, tls, signal) }, options);
}

async function dial(to: HostAndPort, tls: TlsClientSource | undefined, signal: AbortSignal): Promise<Session> {
  try {
    const description = `tcp ${hostAndPort(to.host, to.port)}`;
    const about = { description, isTls: tls !== undefined, isDialled: true };
    if (!tls) return new FramedSession(await connectTcp(to, signal), about);
    const { socket, provenNodeIds } = await connectTlsTo(to, tls, signal);
    return new FramedSession(socket, { ...about, provenNodeIds });
  } catch (error) {
    throw dialError(error, tls !== undefined);
  }
}
