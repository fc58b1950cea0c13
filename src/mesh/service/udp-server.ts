import { type Clock, errorText, systemClock } from "#core";
import type { DatagramSocket } from "../stream/datagrams.ts";
import { formatAddress } from "./address.ts";
import { type IdleLimits, IdleTable, idleLimits } from "./idle-table.ts";
import type { DatagramProxyNode, OpenProxy } from "./proxy.ts";
import type { RemoteService } from "./to-mesh.ts";
import { bindUdp } from "./udp-socket.ts";

/** A `udp-server` section (spec §7). */
export interface UdpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly remote: Pick<RemoteService, "node" | "service">;
  readonly limits?: IdleLimits | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Carry each UDP packet to a datagram service of the mesh, and its answers back. Every local source has a mesh socket of
 * its own, until it was silent for long.
 *
 * @throws {MeshError} `LISTEN_FAILED`
 */
export async function openUdpServer(options: UdpServerOptions, node: DatagramProxyNode): Promise<OpenProxy> {
  const { host, port, remote, limits = idleLimits, clock = systemClock } = options;
  const socket = await bindUdp(host, port);
  const sources = new IdleTable<DatagramSocket>(limits, clock);
  socket.on("message", (payload, { address, port: fromPort }) => {
    const key = formatAddress(address, fromPort);
    const answer = (packet: Uint8Array): void => {
      sources.touch(key);
      socket.send(packet, fromPort, address);
    };
    try {
      const mesh = sources.use(key, () => openSource(node, remote, answer));
      mesh.send(remote.node, remote.service, payload);
    } catch (error) {
      node.log.debug(`a UDP packet of ${key} was dropped: ${errorText(error)}`);
    }
  });
  socket.on("error", (error) => node.log.warn(`UDP proxy on ${formatAddress(host, port)}: ${errorText(error)}`));
  const bound = socket.address();
  return {
    addresses: [formatAddress(bound.address, bound.port)],
    offers: undefined,
    close: () =>
      new Promise((resolve) => {
        sources.close();
        socket.close(() => resolve());
      }),
  };
}

/** The mesh socket of one local source. Only the remote service may answer through it. */
function openSource(
  { openDatagrams, log }: DatagramProxyNode,
  remote: UdpServerOptions["remote"],
  answer: (payload: Uint8Array) => void,
): DatagramSocket {
  return openDatagrams(undefined, {
    received: (payload, fromNode, fromService) => {
      if (fromNode === remote.node && fromService === remote.service) answer(payload);
    },
    unreachable: ({ reporter, problem }) =>
      log.debug(`a UDP packet did not reach ${remote.service} on ${remote.node}: ${reporter} says ${problem}`),
  });
}
