import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/**
 * Destroy a stream, so that its far end can tell whether it ended or broke. A TCP connection is reset for an error, since
 * closing it would look like an end; under TLS the missing `close_notify` says it, and a mesh stream carries the error.
 */
export function breakOff(stream: Duplex, error?: Error | null): void {
  const isTcp = stream instanceof Socket && !(stream instanceof TLSSocket) && stream.remoteFamily !== undefined;
  if (isTcp && error) stream.resetAndDestroy();
  else stream.destroy(error ?? undefined);
}
