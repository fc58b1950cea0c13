import { once } from "node:events";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { errorText } from "#core";
import { CliError } from "../errors.ts";
import { oneLine } from "../quantities.ts";
import type { Terminal } from "../terminal.ts";
import type { ApiClient } from "./api-client.ts";
import { TcpSocket, type TcpTarget } from "./tcp-socket.ts";

/** So many connections at once; a browser opens six to one page. */
const maxConnections = 100;

/**
 * Listen here, and join each connection to a service of a worker that has no open port, until `signal` fires.
 *
 * @throws {ServerProblem} before anybody is let in, when there is no such service or it is not for us;
 *   {CliError} `PORT_UNUSABLE`; the reason of `signal`.
 */
export async function forwardPort(
  api: ApiClient,
  target: TcpTarget,
  place: ListenOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<never> {
  (await TcpSocket.open(api, target, signal)).close();
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    join(api, target, socket, signal).catch((error: unknown) => {
      socket.destroy();
      if (!signal.aborted) terminal.say(`a connection ended: ${oneLine(errorText(error))}`);
    });
  });
  server.maxConnections = maxConnections;
  try {
    await listen(server, place);
    terminal.say(`${addressOf(server)} is ${target.service} of ${oneLine(target.worker)} now; Ctrl-C ends it`);
    if (!signal.aborted) await once(signal, "abort");
    throw signal.reason;
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

/** Join stdin and stdout to a service of a worker: what `ssh` calls a ProxyCommand. Throws as {@link forwardPort}. */
export async function forwardStdio(
  api: ApiClient,
  target: TcpTarget,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const tcp = await TcpSocket.open(api, target, signal);
  try {
    // It may be waiting for keys when the service has ended: nobody waits for it then.
    tcp.sendAll(terminal.stdin).catch(() => tcp.close());
    for await (const chunk of tcp.incoming) await terminal.write(chunk);
  } finally {
    tcp.close();
  }
}

async function join(api: ApiClient, target: TcpTarget, socket: Socket, signal: AbortSignal): Promise<void> {
  socket.on("error", () => {});
  const tcp = await TcpSocket.open(api, target, signal);
  socket.once("close", () => tcp.close());
  // Its end is the end of one direction only.
  const outgoing = socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  const sending = tcp.sendAll(outgoing).catch(() => tcp.close());
  for await (const chunk of tcp.incoming) {
    if (!socket.write(chunk)) await Promise.race([once(socket, "drain"), once(socket, "close")]);
  }
  socket.end();
  await sending;
}

async function listen(server: Server, place: ListenOptions): Promise<void> {
  // A socket file is its owner's alone, from the moment that it is there.
  const mask = process.umask(0o077);
  try {
    server.listen(place);
    await once(server, "listening");
  } catch (error) {
    throw new CliError("PORT_UNUSABLE", `cannot listen here: ${errorText(error)}`, { cause: error });
  } finally {
    process.umask(mask);
  }
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") return String(address);
  return address.family === "IPv6" ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
