import type { Log } from "#core";
import type { OpenDatagrams } from "../stream/datagrams.ts";
import type { StreamEngine } from "../stream/stream.ts";

/** What stream proxies need of a node. */
export interface StreamProxyNode {
  readonly streams: Pick<StreamEngine, "dial" | "listen">;
  readonly log: Log;
}

/** What datagram proxies need of a node. */
export interface DatagramProxyNode {
  readonly openDatagrams: OpenDatagrams;
  readonly log: Log;
}

/** A proxy that runs (spec §7). */
export interface OpenProxy {
  /** Where it listens on this machine (`127.0.0.1:80`, a path), with the real port when 0 was asked. */
  readonly addresses: readonly string[];
  /** The service of the mesh it offers, to be advertised with these tags; undefined when it offers none. */
  readonly offers: { readonly service: string; readonly tags: Readonly<Record<string, string>> } | undefined;
  /** Stop, break off what it carries, and free its sockets. */
  close(): Promise<void>;
}

/** Connections one proxy carries at once. More are closed as they come. */
export const mostConnections = 4096;
