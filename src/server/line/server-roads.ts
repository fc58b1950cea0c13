import type { TlsServerSource } from "#core";
import type { RoadSettings } from "#mesh";
import { ServerError } from "../errors.ts";

/** A road that workers may come by, besides the WebSocket on the server's own port. */
export type ServerRoad =
  | { readonly kind: "tcp" | "ws" | "http"; readonly host: string; readonly port: number }
  /** Queues at a RabbitMQ; its URL holds a password. */
  | { readonly kind: "amqp"; readonly url: string };

/**
 * Read `tcp=0.0.0.0:7001`, `ws=…`, `http=…`; or `amqp=FILE`, a file with the broker's URL.
 *
 * @param read gives a file's text.
 * @throws {ServerError} SETTINGS_INVALID.
 */
export function parseRoad(text: string, read: (path: string) => string): ServerRoad {
  const [, kind = "", place = ""] = /^(tcp|ws|http|amqp)=(.+)$/s.exec(text) ?? [];
  if (kind === "amqp") return { kind, url: read(place).trim() };
  const [, host = "", port = ""] = /^(?:\[?([^\]]*?)\]?:)?(\d{1,5})$/.exec(place) ?? [];
  if (kind === "" || port === "" || Number(port) > 65_535)
    throw new ServerError("SETTINGS_INVALID", `road ${text}: write tcp=HOST:PORT, ws=…, http=…, or amqp=FILE`);
  return { kind: kind as "tcp" | "ws" | "http", host: host || "0.0.0.0", port: Number(port) };
}

/** The road as the mesh opens it. */
export function roadSettings(
  road: ServerRoad,
  { nodeId, tls }: { nodeId: string; tls: TlsServerSource },
): RoadSettings {
  if (road.kind === "amqp") return { kind: "amqp-listener", nodeId, url: road.url };
  const at = { port: road.port, bindAddress: road.host, tls };
  if (road.kind === "tcp") return { kind: "tcp-listener", ...at };
  return { kind: road.kind === "ws" ? "ws-listener" : "http-listener", ...at, path: "/mesh" };
}
