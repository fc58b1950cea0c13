import type { Log } from "#core";
import type { Mesh } from "../mesh.ts";
import type { DatagramProxyNode, OpenProxy, StreamProxyNode } from "./proxy.ts";
import type { TcpClientOptions } from "./tcp-client.ts";
import type { TcpServerOptions } from "./tcp-server.ts";
import type { UdpClientOptions } from "./udp-client.ts";
import type { UdpServerOptions } from "./udp-server.ts";
import type { UnixClientOptions } from "./unix-client.ts";
import type { UnixServerOptions } from "./unix-server.ts";

/** A proxy as a section of the settings describes it (spec §7). */
export type ProxySettings =
  | ({ readonly kind: "tcp-server" } & TcpServerOptions)
  | ({ readonly kind: "tcp-client" } & TcpClientOptions)
  | ({ readonly kind: "udp-server" } & UdpServerOptions)
  | ({ readonly kind: "udp-client" } & UdpClientOptions)
  | ({ readonly kind: "unix-socket-server" } & UnixServerOptions)
  | ({ readonly kind: "unix-socket-client" } & UnixClientOptions);

/**
 * Open a proxy on a node. What it offers to the mesh is advertised with its tags.
 *
 * @throws {MeshError | TlsProfileError} `LISTEN_FAILED`, `DIAL_FAILED`, `SERVICE_TAKEN`, `SERVICE_NAME_INVALID`.
 */
export async function openProxy(proxy: ProxySettings, mesh: Mesh, log: Log): Promise<OpenProxy> {
  const opened = await openKind(proxy, {
    streams: mesh,
    // Only a service that others name is worth an advertisement.
    openDatagrams: (service, events) =>
      mesh.openDatagrams(service, events, service === undefined ? undefined : { tags: {} }),
    log,
  });
  if (opened.offers) mesh.tag(opened.offers.service, opened.offers.tags);
  return opened;
}

/** The code of a kind is loaded when it is used: a daemon pays for no other. */
async function openKind(proxy: ProxySettings, node: StreamProxyNode & DatagramProxyNode): Promise<OpenProxy> {
  switch (proxy.kind) {
    case "tcp-server":
      return await (await import("./tcp-server.ts")).openTcpServer(proxy, node);
    case "tcp-client":
      return (await import("./tcp-client.ts")).openTcpClient(proxy, node);
    case "udp-server":
      return await (await import("./udp-server.ts")).openUdpServer(proxy, node);
    case "udp-client":
      return (await import("./udp-client.ts")).openUdpClient(proxy, node);
    case "unix-socket-server":
      return await (await import("./unix-server.ts")).openUnixServer(proxy, node);
    case "unix-socket-client":
      return (await import("./unix-client.ts")).openUnixClient(proxy, node);
  }
}
