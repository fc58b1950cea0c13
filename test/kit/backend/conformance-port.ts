import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/**
 * A port that nobody has, for TCP and UDP and on all addresses. It is none of those the system gives out by itself, so
 * that it stays free between two starts of a listener.
 */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const hasTcp = await isFree(createServer(), (server, done) => server.listen(port, "::", done));
    const hasUdp = await isFree(createSocket("udp6"), (socket, done) => socket.bind(port, "::", done));
    if (hasTcp && hasUdp) return port;
  }
}

interface Bindable {
  once(event: "error", listener: () => void): unknown;
  close(done: () => void): unknown;
}

function isFree<T extends Bindable>(thing: T, bind: (thing: T, done: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    thing.once("error", () => resolve(false));
    bind(thing, () => void thing.close(() => resolve(true)));
  });
}
