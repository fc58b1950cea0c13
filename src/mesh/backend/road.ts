import type { Log } from "#core";
import type { AmqpListenerSettings } from "./amqp/listener.ts";
import type { AmqpPeerSettings } from "./amqp/peer.ts";
import type { Backend } from "./backend.ts";
import type { HttpListenerSettings } from "./http/listener.ts";
import type { HttpPeerSettings } from "./http/requests.ts";
import type { TcpListenerSettings } from "./tcp/listener.ts";
import type { TcpPeerSettings } from "./tcp/peer.ts";
import type { UdpListenerSettings } from "./udp/listener.ts";
import type { UdpPeerSettings } from "./udp/peer.ts";
import type { WebSocketGuest, WebSocketGuestSettings } from "./websocket/guest.ts";
import type { WebSocketListenerSettings } from "./websocket/listener.ts";
import type { WebSocketPeerSettings } from "./websocket/peer.ts";

/** Whether a peer is dialled again when its connection is lost; default true. */
interface Redialled {
  readonly redial?: boolean | undefined;
}

/** A road as a section of the settings describes it (spec §5.4, and Farhand's own kinds). */
export type RoadSettings =
  | ({ readonly kind: "tcp-listener" } & TcpListenerSettings)
  | ({ readonly kind: "tcp-peer" } & TcpPeerSettings & Redialled)
  | ({ readonly kind: "ws-listener" } & WebSocketListenerSettings)
  | ({ readonly kind: "ws-peer" } & WebSocketPeerSettings & Redialled & { readonly redialMaxMs?: number | undefined })
  | ({ readonly kind: "udp-listener" } & UdpListenerSettings)
  | ({ readonly kind: "udp-peer" } & UdpPeerSettings & Redialled)
  | ({ readonly kind: "http-listener" } & HttpListenerSettings)
  | ({ readonly kind: "http-peer" } & HttpPeerSettings & Redialled)
  | ({ readonly kind: "amqp-listener" } & AmqpListenerSettings)
  | ({ readonly kind: "amqp-peer" } & AmqpPeerSettings & Redialled);

/**
 * The backend of a road. Its code is loaded now: a daemon pays only for the kinds it uses.
 *
 * @throws {MeshError} `DIAL_FAILED` for an address that is none.
 */
export async function makeBackend(road: RoadSettings, log: Log): Promise<Backend> {
  switch (road.kind) {
    case "tcp-listener":
      return (await import("./tcp/listener.ts")).tcpListener(road, log);
    case "tcp-peer":
      return (await import("./tcp/peer.ts")).tcpPeer(road, { redial: road.redial, log });
    case "ws-listener":
      return (await import("./websocket/listener.ts")).webSocketListener(road, log);
    case "ws-peer":
      return (await import("./websocket/peer.ts")).webSocketPeer(road, {
        ...{ redial: road.redial, log },
        ...(road.redialMaxMs !== undefined && { times: { maxMs: road.redialMaxMs } }),
      });
    case "udp-listener":
      return (await import("./udp/listener.ts")).udpListener(road, log);
    case "udp-peer":
      return (await import("./udp/peer.ts")).udpPeer(road, { redial: road.redial, log });
    case "http-listener":
      return (await import("./http/listener.ts")).httpListener(road, log);
    case "http-peer":
      return (await import("./http/dialer.ts")).httpPeer(road, { redial: road.redial, log });
    case "amqp-listener":
      return (await import("./amqp/listener.ts")).amqpListener(road, log);
    case "amqp-peer":
      return (await import("./amqp/peer.ts")).amqpPeer(road, { redial: road.redial, log });
  }
}

/** See {@link WebSocketGuest}. */
export async function makeWebSocketGuest(settings: WebSocketGuestSettings, log: Log): Promise<WebSocketGuest> {
  return (await import("./websocket/guest.ts")).webSocketGuest(settings, log);
}
