import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a port of this machine that fails as networks do, when the test says so. */
export interface UnsteadyLine extends AsyncDisposable {
  readonly port: number;
  /** Connections made so far. */
  readonly made: number;
  /** Every connection breaks, and none is made until {@link heal}. */
  cut(): void;
  /** Connections can be made again. */
  heal(): void;
  /** Those that there are stay open and carry nothing any more; new ones work. */
  goDead(): void;
}

/** Open one before a port. */
export async function unsteadyLine(target: number): Promise<UnsteadyLine> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let made = 0;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  };
  const breakAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const server = createServer((incoming) => {
    if (isCut) return void incoming.on("error", () => {}).resetAndDestroy();
    made++;
    const outgoing = keep(connect(target, "127.0.0.1"));
    keep(incoming).pipe(outgoing).pipe(incoming);
    incoming.on("close", () => outgoing.destroy());
    outgoing.on("close", () => incoming.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get made() {
      return made;
    },
    cut: () => {
      isCut = true;
      breakAll();
    },
    heal: () => void (isCut = false),
    goDead: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async [Symbol.asyncDispose]() {
      isCut = true;
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
