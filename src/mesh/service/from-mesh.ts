import type { Socket } from "node:net";
import { errorText } from "#core";
import { MeshError } from "../errors.ts";
import { splice } from "../stream/splice.ts";
import type { MeshStream } from "../stream/stream.ts";
import { mostConnections, type OpenProxy, type StreamProxyNode } from "./proxy.ts";

/** A service of the mesh whose streams go to a local address. */
export interface OfferedService {
  readonly service: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Name of a tls-server profile for the mesh streams. */
  readonly tls?: string | undefined;
  /** For logs. */
  readonly address: string;
  /** Connect to the address. The signal fires when it takes too long or the stream is gone. */
  readonly connect: (signal: AbortSignal) => Promise<Socket>;
}

/** How long a connection may take, its TLS handshake included. */
const connectMs = 15_000;

/** Offer the service. @throws {MeshError} what `listen()` throws. */
export function offerToMesh(offered: OfferedService, node: StreamProxyNode): OpenProxy {
  const carried = new Map<MeshStream, Promise<void>>();
  const listener = node.streams.listen(offered.service, {
    tls: offered.tls,
    accept: (stream) => {
      if (carried.size >= mostConnections)
        return void stream.destroy(new MeshError("STREAM_REFUSED", "the proxy carries as much as it can"));
      const carrying = carryFromMesh(stream, offered, node).finally(() => carried.delete(stream));
      carried.set(stream, carrying);
    },
  });
  return {
    addresses: [],
    offers: { service: offered.service, tags: offered.tags },
    close: async () => {
      await listener.close();
      for (const stream of carried.keys()) stream.destroy(new MeshError("MESH_CLOSED", "the proxy is closed"));
      await Promise.all(carried.values());
    },
  };
}

async function carryFromMesh(stream: MeshStream, offered: OfferedService, { log }: StreamProxyNode): Promise<void> {
  const gone = new AbortController();
  const tooLong = new MeshError("TIMEOUT", `no connection after ${connectMs / 1000} s`);
  const timer = setTimeout(() => gone.abort(tooLong), connectMs);
  stream.on("error", () => {});
  stream.on("close", () => gone.abort(new MeshError("STREAM_LOST", "the stream is gone")));
  try {
    const socket = await offered.connect(gone.signal);
    clearTimeout(timer);
    await splice(stream, socket);
  } catch (error) {
    log.warn(`cannot connect ${stream.remoteNode} to ${offered.address}: ${errorText(error)}`);
    stream.destroy(new MeshError("STREAM_REFUSED", "what is behind the proxy cannot be reached"));
  } finally {
    clearTimeout(timer);
  }
}
