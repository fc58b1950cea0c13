import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** An HTTP proxy that holds every body until it is whole, as many do. At the end of its scope it is gone. */
export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** What it was asked: `POST http://127.0.0.1:80/`, `CONNECT 127.0.0.1:443`. */
  readonly asked: string[];
  /** The `Proxy-Authorization` of each ordinary request. */
  readonly credentials: (string | undefined)[];
  /** Cut every connection and stop listening. */
  stop(): Promise<void>;
  /** Listen again, on the same port. */
  start(): Promise<void>;
}

/** What goes wrong. */
export interface ProxyFaults {
  /** The answer of every n-th request is lost: the target has it, and the asker's connection breaks. */
  readonly loseEveryNth?: number;
  /** Every n-th request is refused with 502 and reaches nobody. */
  readonly refuseEveryNth?: number;
}

/** A proxy as clients are told of by `HTTP_PROXY`: absolute addresses, and CONNECT. */
export async function forwardProxy(faults: ProxyFaults = {}): Promise<TestProxy> {
  return await openProxy((url) => new URL(url), faults);
}

/** A proxy that stands before a server of this machine. */
export async function reverseProxy(targetPort: () => number, faults: ProxyFaults = {}): Promise<TestProxy> {
  return await openProxy((url) => new URL(url, `http://127.0.0.1:${targetPort()}`), faults);
}

async function openProxy(targetOf: (url: string) => URL, faults: ProxyFaults): Promise<TestProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  let server: Server | undefined;
  let port = 0;
  const relay = async (from: IncomingMessage, to: ServerResponse): Promise<void> => {
    asked.push(`${from.method} ${from.url}`);
    credentials.push(from.headers["proxy-authorization"]);
    count++;
    if (count % (faults.refuseEveryNth ?? Number.POSITIVE_INFINITY) === 0) return void to.writeHead(502).end("bad");
    const answer = await exchange(from, to, targetOf(from.url ?? "/"));
    const body = await bodyOf(answer);
    if (count % (faults.loseEveryNth ?? Number.POSITIVE_INFINITY) === 0) return void to.destroy();
    to.writeHead(answer.statusCode ?? 502, { ...answer.headers, connection: "keep-alive" }).end(body);
  };
  const start = async (): Promise<void> => {
    server = createServer((from, to) => {
      relay(from, to).catch(() => void (to.headersSent ? to.destroy() : to.writeHead(502).end()));
    });
    server.on("connection", (socket) => keep(sockets, socket));
    server.on("connect", ({ url = "" }: IncomingMessage, socket: Socket) => {
      asked.push(`CONNECT ${url}`);
      tunnel(url, socket, sockets);
    });
    await new Promise<void>((resolve) => server?.listen(port, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    const stopping = server;
    server = undefined;
    const isClosed = new Promise((resolve) => (stopping ? stopping.close(resolve) : resolve(undefined)));
    for (const socket of sockets) socket.destroy();
    await isClosed;
  };
  await start();
  return { port, url: `http://127.0.0.1:${port}`, asked, credentials, start, stop, [Symbol.asyncDispose]: stop };
}

async function exchange(from: IncomingMessage, to: ServerResponse, target: URL): Promise<IncomingMessage> {
  const body = await bodyOf(from);
  const { connection: _1, "proxy-authorization": _2, "transfer-encoding": _3, ...headers } = from.headers;
  return await new Promise((resolve, reject) => {
    const outgoing = request(target, { method: from.method ?? "GET", headers, agent: false });
    outgoing.once("response", resolve).on("error", reject);
    // Whoever asked has given up: so does the proxy.
    to.once("close", () => outgoing.destroy());
    outgoing.end(body);
  });
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function tunnel(target: string, socket: Socket, sockets: Set<Socket>): void {
  const { hostname, port } = new URL(`http://${target}`);
  const far = connect(Number(port), hostname.replace(/^\[|\]$/g, ""));
  keep(sockets, far);
  far.once("connect", () => {
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    far.pipe(socket).pipe(far);
  });
  far.once("close", () => socket.destroy());
  socket.once("close", () => far.destroy());
}

function keep(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket)).on("error", () => {});
}
