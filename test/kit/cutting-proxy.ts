import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A way to a port of this machine whose connections break when the test says so. */
export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** Every connection that goes through it breaks. */
  cut(): void;
}

/** Open one before a port. */
export async function cuttingProxy(target: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  };
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const proxy: Server = createServer((incoming) => {
    const outgoing = keep(connect(target, "127.0.0.1"));
    keep(incoming).pipe(outgoing).pipe(incoming);
    incoming.on("close", () => outgoing.destroy());
    outgoing.on("close", () => incoming.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    port: (proxy.address() as AddressInfo).port,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await sleep(0);
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
