import { type Clock, errorText, systemClock } from "#core";
import type { DatagramSocket } from "../stream/datagrams.ts";
import { parseAddress } from "./address.ts";
import { type IdleLimits, IdleTable, idleLimits } from "./idle-table.ts";
import type { DatagramProxyNode, OpenProxy } from "./proxy.ts";
import { UdpPeer } from "./udp-socket.ts";

/** A `udp-client` section (spec §7). */
export interface UdpClientOptions {
  readonly service: string;
  /** `host:port` to send to. */
  readonly address: string;
  readonly limits?: IdleLimits | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Offer a UDP address as a datagram service of the mesh. Every source on the mesh has a UDP socket of its own, until it
 * was silent for long; answers go back to it.
 *
 * @throws {MeshError} `DIAL_FAILED` when the address is none, and what `openDatagrams()` throws.
 */
export function openUdpClient(options: UdpClientOptions, node: DatagramProxyNode): OpenProxy {
  const { service, address, limits = idleLimits, clock = systemClock } = options;
  const to = parseAddress(address);
  const sources = new IdleTable<UdpPeer>(limits, clock);
  const mesh: DatagramSocket = node.openDatagrams(service, {
    received: (payload, fromNode, fromService) => {
      const key = `${fromService} ${fromNode}`;
      const answer = (packet: Uint8Array): void => {
        sources.touch(key);
        sendBack(mesh, fromNode, fromService, packet, node);
      };
      sources.use(key, () => new UdpPeer(to, node.log, answer)).send(payload);
    },
    unreachable: ({ toNode, problem }) => node.log.debug(`an answer of ${address} did not reach ${toNode}: ${problem}`),
  });
  return {
    addresses: [],
    offers: { service, tags: { type: "UDP Proxy", address } },
    close: async () => {
      mesh.close();
      sources.close();
    },
  };
}

function sendBack(
  mesh: DatagramSocket,
  toNode: string,
  toService: string,
  payload: Uint8Array,
  { log }: DatagramProxyNode,
): void {
  try {
    mesh.send(toNode, toService, payload);
  } catch (error) {
    log.debug(`an answer to ${toNode} was dropped: ${errorText(error)}`);
  }
}
