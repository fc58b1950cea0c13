import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { type Log, silentLog, tlsClientSource, tlsServerSource } from "#core";
import { makeCertificates } from "../../../test/kit/certificates.ts";
import { freePort } from "../../../test/kit/free-port.ts";
import { runProcess } from "../../../test/kit/processes.ts";
import { tempFolder } from "../../../test/kit/temp-folder.ts";
import { type TestNode, type TwoNodes, twoNodes } from "../../../test/kit/two-nodes.ts";
import type { OpenProxy } from "./proxy.ts";
import { openTcpClient } from "./tcp-client.ts";
import { openTcpServer } from "./tcp-server.ts";
import { openUnixClient } from "./unix-client.ts";
import { openUnixServer } from "./unix-server.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const with_ = (node: TestNode, log: Log = silentLog) => ({ streams: node.streams, log });

function keep<T extends OpenProxy>(proxy: T): T {
  closing.push(() => proxy.close());
  return proxy;
}

function mesh(): TwoNodes {
  const nodes = twoNodes();
  closing.push(() => nodes[Symbol.dispose]());
  return nodes;
}

function client(to: NetConnectOpts): Socket {
  const socket = connect({ allowHalfOpen: true, ...to });
  closing.push(() => socket.destroy());
  return socket.on("error", () => {});
}

const portOf = (proxy: OpenProxy): number => Number(/:(\d+)$/.exec(proxy.addresses[0] ?? "")?.[1]);

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "end");
  return Buffer.concat(chunks).toString();
}

/** Unlike `once()` it does not mind an error. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.resume().on("close", () => resolve()));
}

/** A server that answers only after the end of what it was sent. */
function answering(create: (accept: (socket: Socket) => void) => Server): Server {
  const server = create((socket) => {
    const chunks: Buffer[] = [];
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("end", () => socket.end(`heard ${Buffer.concat(chunks).length}`));
  });
  closing.push(() => server.close());
  return server;
}

const plainServer = (accept: (socket: Socket) => void) => createServer({ allowHalfOpen: true }, accept);

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as { port: number }).port;
}

describe("tcp-server and tcp-client", () => {
  test("carry a connection from one node to an address at the other, each direction ending by itself", async () => {
    const { alpha, beta } = mesh();
    const address = `127.0.0.1:${await listening(answering(plainServer))}`;
    const offered = keep(openTcpClient({ service: "answer", address }, with_(beta)));
    expect(offered.offers).toEqual({ service: "answer", tags: { type: "TCP Proxy", address } });
    const remote = { node: "beta", service: "answer", tls: "of alpha" };
    const proxy = keep(await openTcpServer({ host: "127.0.0.1", port: 0, remote }, with_(alpha)));
    expect(proxy.addresses).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
    const socket = client({ port: portOf(proxy), host: "127.0.0.1" });
    socket.end(Buffer.alloc(3_000_000));
    expect(await readAll(socket)).toBe("heard 3000000");
    expect(alpha.dialledWith).toEqual(["of alpha"]);
  });

  test("dial for every connection on its own: one that hangs holds up no other", async () => {
    const { alpha, beta } = mesh();
    let hang = true;
    const streams: TestNode["streams"] = {
      ...alpha.streams,
      dial: (node, service, options) => {
        if (!hang) return alpha.streams.dial(node, service, options);
        hang = false;
        return new Promise((_, reject) => {
          options.signal?.addEventListener("abort", () => reject(options.signal?.reason));
        });
      },
    };
    beta.streams.listen("hello", { accept: (stream) => stream.end("hello") });
    const remote = { node: "beta", service: "hello" };
    const proxy = keep(await openTcpServer({ host: "127.0.0.1", port: 0, remote }, { streams, log: silentLog }));
    const first = client({ port: portOf(proxy), host: "127.0.0.1" });
    await once(first, "connect");
    await expect.poll(() => hang).toBe(false);
    expect(await readAll(client({ port: portOf(proxy), host: "127.0.0.1" }))).toBe("hello");
  });

  test("a dial that fails closes the connection, and is logged", async () => {
    const { alpha } = mesh();
    const warned: string[] = [];
    const log = { ...silentLog, warn: (text: string) => void warned.push(text) };
    const remote = { node: "beta", service: "nothing" };
    const proxy = keep(await openTcpServer({ host: "127.0.0.1", port: 0, remote }, with_(alpha, log)));
    await closeOf(client({ port: portOf(proxy), host: "127.0.0.1" }));
    expect(warned).toEqual(["no stream to nothing on beta: no service nothing"]);
  });

  test("a client that goes away ends its dial", async () => {
    const aborted: Promise<void>[] = [];
    const dial: TestNode["streams"]["dial"] = (_node, _service, { signal }) => {
      const dialling = new Promise<never>((_, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
      });
      aborted.push(dialling.catch(() => {}));
      return dialling;
    };
    const remote = { node: "beta", service: "slow" };
    const node = { streams: { ...mesh().alpha.streams, dial }, log: silentLog };
    const proxy = keep(await openTcpServer({ host: "127.0.0.1", port: 0, remote }, node));
    const socket = client({ port: portOf(proxy), host: "127.0.0.1" });
    await expect.poll(() => aborted.length).toBe(1);
    socket.resetAndDestroy();
    await aborted[0];
  });

  test("an address where nobody listens ends the stream with STREAM_REFUSED", async () => {
    const { alpha, beta } = mesh();
    keep(openTcpClient({ service: "nobody", address: `127.0.0.1:${await freePort()}` }, with_(beta)));
    const stream = await alpha.streams.dial("beta", "nobody", {});
    const [error] = await once(stream, "error");
    expect(error).toMatchObject({ code: "STREAM_REFUSED", message: "what is behind the proxy cannot be reached" });
  });

  test("an address that is none is refused at once", () => {
    const node = with_(mesh().alpha);
    for (const address of ["nowhere", "host:http", "host:70000"])
      expect(() => openTcpClient({ service: "s", address }, node)).toThrow(
        expect.objectContaining({ code: "DIAL_FAILED" }),
      );
  });

  test("close() breaks off what is carried, and the port can be used again at once", async () => {
    const { alpha, beta } = mesh();
    const offered = keep(
      openTcpClient({ service: "hold", address: `127.0.0.1:${await listening(answering(plainServer))}` }, with_(beta)),
    );
    const options = { host: "127.0.0.1", port: 0, remote: { node: "beta", service: "hold" } };
    const proxy = await openTcpServer(options, with_(alpha));
    const socket = client({ port: portOf(proxy), host: "127.0.0.1" });
    socket.write("x");
    const gone = closeOf(socket);
    socket.on("end", () => socket.end());
    await proxy.close();
    await gone;
    keep(await openTcpServer({ ...options, port: portOf(proxy) }, with_(alpha)));
    await offered.close();
    await expect(alpha.streams.dial("beta", "hold", {})).rejects.toMatchObject({ code: "SERVICE_UNKNOWN" });
  });

  test("a port that is taken is LISTEN_FAILED", async () => {
    const { alpha } = mesh();
    const port = await listening(answering(plainServer));
    const opening = openTcpServer({ host: "127.0.0.1", port, remote: { node: "b", service: "s" } }, with_(alpha));
    await expect(opening).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  });

  test("speak TLS on both sides when they are told to, and refuse who is not who he should be", async () => {
    await using folder = await tempFolder();
    const { ca, server, client: pair } = await makeCertificates(folder.path);
    const { alpha, beta } = mesh();
    const secure = answering((accept) =>
      createTlsServer({ cert: readFileSync(server.cert), key: readFileSync(server.key), allowHalfOpen: true }, accept),
    );
    const address = `localhost:${await listening(secure)}`;
    const trusting = tlsClientSource({ rootCas: ca });
    keep(openTcpClient({ service: "secure", address, tls: trusting }, with_(beta)));
    keep(openTcpClient({ service: "doubt", address, tls: tlsClientSource({ rootCas: pair.cert }) }, with_(beta)));
    const tls = tlsServerSource({ ...server, clientCas: ca, requireClientCert: true });
    const remote = { node: "beta", service: "secure" };
    const proxy = keep(await openTcpServer({ host: "127.0.0.1", port: 0, remote, tls }, with_(alpha)));

    const to = { port: portOf(proxy) };
    const options = { ...to, allowHalfOpen: true };
    const known = connectTls({ ...options, ...tlsClientSource({ ...pair, rootCas: ca }).options("localhost") });
    known.end("over TLS");
    expect(await readAll(known)).toBe("heard 8");
    known.destroy();

    const unknown = connectTls({ ...to, ...trusting.options("localhost") }).on("error", () => {});
    await closeOf(unknown);
    const doubted = await alpha.streams.dial("beta", "doubt", {});
    expect((await once(doubted, "error"))[0]).toMatchObject({ code: "STREAM_REFUSED" });
  });
});

describe("unix-socket-server and unix-socket-client", () => {
  test("carry a connection from a socket on one node to a socket on the other", async () => {
    await using folder = await tempFolder();
    const { alpha, beta } = mesh();
    const server = answering(plainServer);
    server.listen(folder.file("far"));
    await once(server, "listening");
    const offered = keep(openUnixClient({ service: "far", filename: folder.file("far") }, with_(beta)));
    expect(offered.offers?.tags).toEqual({ type: "Unix Proxy", filename: folder.file("far") });
    const remote = { node: "beta", service: "far" };
    const proxy = await openUnixServer({ filename: folder.file("near"), remote }, with_(alpha));
    expect(proxy.addresses).toEqual([folder.file("near")]);
    expect(statSync(folder.file("near")).mode & 0o777).toBe(0o600);
    const socket = client({ path: folder.file("near") });
    socket.end("question");
    expect(await readAll(socket)).toBe("heard 8");
    await proxy.close();
    expect([existsSync(folder.file("near")), existsSync(folder.file("near.lock"))]).toEqual([false, true]);
  });

  test("the socket has the permissions it was given", async () => {
    await using folder = await tempFolder();
    const remote = { node: "beta", service: "s" };
    const proxy = await openUnixServer({ filename: folder.file("s"), permissions: 0o666, remote }, with_(mesh().alpha));
    expect(statSync(folder.file("s")).mode & 0o777).toBe(0o666);
    await proxy.close();
  });

  test("one daemon at a time serves a socket; what a killed one left is replaced, other files never", async () => {
    await using folder = await tempFolder();
    const node = with_(mesh().alpha);
    const options = (name: string) => ({ filename: folder.file(name), remote: { node: "beta", service: "s" } });
    const proxy = await openUnixServer(options("s"), node);
    const locked = { code: "LISTEN_FAILED", message: expect.stringContaining("holds its lock") };
    await expect(openUnixServer(options("s"), node)).rejects.toMatchObject(locked);
    expect(existsSync(folder.file("s"))).toBe(true);
    await proxy.close();

    const bind = `require("net").createServer().listen(${JSON.stringify(folder.file("stale"))}, () => process.kill(process.pid, "SIGKILL"))`;
    await runProcess(process.execPath, ["-e", bind]);
    expect(statSync(folder.file("stale")).isSocket()).toBe(true);
    await (await openUnixServer(options("stale"), node)).close();

    writeFileSync(folder.file("letter"), "dear");
    const taken = { code: "LISTEN_FAILED", message: expect.stringContaining("is no socket") };
    await expect(openUnixServer(options("letter"), node)).rejects.toMatchObject(taken);
    expect(readFileSync(folder.file("letter"), "utf8")).toBe("dear");
  });

  test("a folder that cannot be written to is LISTEN_FAILED", async () => {
    await using folder = await tempFolder();
    const remote = { node: "beta", service: "s" };
    const opening = openUnixServer({ filename: folder.file("no/such/s"), remote }, with_(mesh().alpha));
    await expect(opening).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  });
});
