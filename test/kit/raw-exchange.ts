import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Say pieces to a server at `host:port`, half-close, and hang up when it does or after a time. Whatever it does to the
 * connection is its good right. Gives what it said.
 */
export async function rawExchange(
  address: string,
  pieces: readonly Uint8Array[],
  patienceMs = 30_000,
): Promise<Buffer> {
  const [host, port] = address.split(":");
  const socket = connect({ host: host ?? "", port: Number(port), noDelay: true });
  const heard: Buffer[] = [];
  const over = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => heard.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => resolve());
  });
  for (const piece of pieces) socket.write(piece);
  socket.end();
  const patience = new AbortController();
  const late = sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => {});
  await Promise.race([over, late]);
  patience.abort();
  socket.destroy();
  await over;
  return Buffer.concat(heard);
}
