import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type Log, silentLog } from "#core";
import type { OpenBackend, Session } from "../backend.ts";
import { describeBackend, eventually } from "../../../../test/kit/backend/conformance.ts";
import { unusedPort } from "../../../../test/kit/backend/conformance-port.ts";
import { webSocketListener, type WebSocketListenerSettings } from "./listener.ts";
import { webSocketPeer, type WebSocketPeerSettings } from "./peer.ts";

const times = { firstMs: [10, 20], baseMs: 50, maxMs: 100 } as const;

async function pairOf(maxMessageBytes?: number) {
  const port = await unusedPort();
  return {
    listener: webSocketListener({ port, bindAddress: "127.0.0.1", maxMessageBytes }),
    dialer: webSocketPeer({ address: `ws://localhost:${port}/`, maxMessageBytes }, { times }),
    close: () => {},
  };
}

describeBackend("websocket", pairOf, { reliable: true, maxMessageBytes: 65_535 });
describeBackend("websocket with longer messages", () => pairOf(1_000_000), {
  reliable: true,
  maxMessageBytes: 1_000_000,
});

const opened: OpenBackend[] = [];
const closers: (() => void)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0).reverse()) close();
  for (const backend of opened.splice(0).reverse()) await backend.close();
});

interface Came {
  readonly session: Session;
  readonly messages: string[];
}

/** Begin to receive what a session brings. */
function receive(session: Session): Came {
  const messages: string[] = [];
  session.start({ message: (message) => void messages.push(Buffer.from(message).toString()), drained: () => {} });
  return { session, messages };
}

describe("a WebSocket listener", () => {
  async function listen(settings: Partial<WebSocketListenerSettings> = {}) {
    const came: Came[] = [];
    const open = await webSocketListener({ port: 0, bindAddress: "127.0.0.1", ...settings }).start((session) => {
      came.push(receive(session));
    });
    opened.push(open);
    return { came, port: Number(open.addresses[0]?.split(":").at(-1)) };
  }

  /** Any other client. */
  function client(url: string, headers: Record<string, string> = {}): WebSocket {
    const socket = new WebSocket(url, { headers, perMessageDeflate: true });
    closers.push(() => socket.terminate());
    return socket;
  }

  async function opensAt(url: string, headers?: Record<string, string>): Promise<string> {
    const socket = client(url, headers);
    return await new Promise((resolve) => {
      socket.once("open", () => resolve("open")).on("error", ({ message }) => resolve(message));
    });
  }

  async function stranger(port: number): Promise<Socket> {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    closers.push(() => socket.destroy());
    await new Promise((resolve) => socket.once("connect", resolve));
    return socket;
  }

  test("takes a generic client with a header of its own, text or binary (spec §8.1, 14)", async () => {
    const { came, port } = await listen();
    const socket = client(`ws://127.0.0.1:${port}/anywhere`, { "X-Extra": "yes" });
    const answers: [string, boolean][] = [];
    socket.on("message", (data, isBinary) => answers.push([(data as Buffer).toString(), isBinary]));
    await new Promise((resolve) => socket.once("open", resolve));
    expect([socket.extensions, socket.protocol]).toEqual(["", ""]);
    socket.send("text");
    socket.send(Buffer.from("binary"));
    socket.send("");
    socket.send(Buffer.from("last"));
    await eventually(() => came[0]?.messages.length === 3, "three messages");
    expect(came[0]?.messages).toEqual(["text", "binary", "last"]);
    came[0]?.session.send(Buffer.from("answer"));
    await eventually(() => answers.length > 0, "the answer");
    expect(answers).toEqual([["answer", true]]);
  });

  test("answers pings", async () => {
    const { port } = await listen();
    const socket = client(`ws://127.0.0.1:${port}/`);
    await new Promise((resolve) => socket.once("open", resolve));
    const pong = new Promise((resolve) => socket.once("pong", resolve));
    socket.ping("are you there?");
    expect(String(await pong)).toBe("are you there?");
  });

  test("refuses other paths and foreign origins", async () => {
    const { came, port } = await listen({ path: "/mesh" });
    expect(await opensAt(`ws://127.0.0.1:${port}/`)).toBe("Unexpected server response: 404");
    expect(await opensAt(`ws://127.0.0.1:${port}/mesh/below`)).toBe("Unexpected server response: 404");
    const foreign = { Origin: "https://evil.example" };
    expect(await opensAt(`ws://127.0.0.1:${port}/mesh`, foreign)).toBe("Unexpected server response: 403");
    expect(came).toEqual([]);
    expect(await opensAt(`ws://127.0.0.1:${port}/mesh`)).toBe("open");
  });

  test("answers an ordinary request with 426", async () => {
    const { port } = await listen();
    const answer = await new Promise<IncomingMessage>((resolve) => {
      request({ host: "127.0.0.1", port, path: "/" }, resolve).end();
    });
    answer.resume();
    expect(answer.statusCode).toBe(426);
  });

  test("ends the session of a client that sends too long a message, or no WebSocket at all", async () => {
    const { came, port } = await listen();
    const socket = client(`ws://127.0.0.1:${port}/`);
    await new Promise((resolve) => socket.once("open", resolve));
    const code = new Promise((resolve) => socket.once("close", resolve));
    socket.send(new Uint8Array(65_536));
    expect(await code).toBe(1009);
    expect(await came[0]?.session.closed).toMatchObject({ code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" });
    const raw = await stranger(port);
    const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    raw.write(`GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n\r\n`);
    await eventually(() => came.length === 2, "the second session");
    raw.write(Buffer.alloc(1000, 0xff));
    expect(await came[1]?.session.closed).toBeInstanceOf(Error);
  });

  test("gives headers their time and no more, and garbage an answer", async () => {
    const { came, port } = await listen({ headersMs: 300 });
    const [silent, slow, garbage] = [await stranger(port), await stranger(port), await stranger(port)];
    const ends = [silent, slow, garbage].map(
      (socket) => new Promise((resolve) => void socket.resume().once("close", () => resolve(true))),
    );
    slow.write("GET / HTTP/1.1\r\nHost: h\r\n");
    garbage.write("\x16\x03\x01 this is no HTTP\r\n\r\n");
    expect(await Promise.all(ends)).toEqual([true, true, true]);
    expect(came).toEqual([]);
  });

  test("hundreds that say nothing do not harm others", async () => {
    const { came, port } = await listen();
    for (let count = 0; count < 300; count++) await stranger(port);
    expect(await opensAt(`ws://127.0.0.1:${port}/`)).toBe("open");
    expect(came).toHaveLength(1);
  });
});

describe("a WebSocket peer", () => {
  /** Any other server, and what clients showed it. */
  async function server() {
    const requests: IncomingMessage[] = [];
    const webSockets = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
    await new Promise((resolve) => webSockets.once("listening", resolve));
    webSockets.on("connection", (socket, upgrade) => {
      requests.push(upgrade);
      socket.on("error", () => {});
      // In the same breath as the upgrade: nothing of it may be lost.
      for (const word of ["first", "second"]) socket.send(word);
    });
    closers.push(() => {
      for (const socket of webSockets.clients) socket.terminate();
      webSockets.close();
    });
    return { requests, port: (webSockets.address() as AddressInfo).port };
  }

  /** What the first dial comes to: a session with what it brought, or what the log says. */
  async function dial(settings: WebSocketPeerSettings, dialLimitMs?: number): Promise<Came | string> {
    const found: (Came | string)[] = [];
    const log: Log = { ...silentLog, warn: (text) => void found.push(text) };
    const peer = webSocketPeer(settings, { redial: false, log, dialLimitMs });
    opened.push(await peer.start((session) => void found.push(receive(session))));
    return await eventually(() => found[0], "a session or a failure");
  }

  async function dialled(settings: WebSocketPeerSettings): Promise<Came> {
    const came = await dial(settings);
    if (typeof came === "string") throw new Error(came);
    await eventually(() => came.messages.length === 2, "the first messages");
    return came;
  }

  test("sends its origin and one extra header, and offers nothing", async () => {
    const { requests, port } = await server();
    const address = `ws://127.0.0.1:${port}/mesh?query`;
    const came = await dialled({ address, extraHeader: "X-Token: a:b" });
    expect(came.messages).toEqual(["first", "second"]);
    expect(came.session.description).toBe(`ws ws://127.0.0.1:${port}/mesh`);
    expect(requests[0]?.url).toBe("/mesh?query");
    const { headers } = requests[0]!;
    expect(headers).toMatchObject({ origin: `http://127.0.0.1:${port}`, "x-token": "a:b" });
    expect(headers).not.toHaveProperty("sec-websocket-extensions");
    expect(headers).not.toHaveProperty("sec-websocket-protocol");
  });

  test("refuses what is no address or no header", () => {
    for (const address of ["hub:80", "http://hub/", "ws//hub", ""])
      expect(() => webSocketPeer({ address })).toThrow(`"${address}" is no WebSocket address`);
    const address = "ws://hub/";
    for (const extraHeader of ["no colon", ": value", "two words: value"])
      expect(() => webSocketPeer({ address, extraHeader })).toThrow("extra header must be in the form key:value");
  });

  test("says what kept it away, without secrets of the address", async () => {
    const port = await unusedPort();
    const address = `ws://user:secret@127.0.0.1:${port}/mesh?token=secret`;
    const failure = await dial({ address });
    expect(failure).toContain(`ws-peer ws://127.0.0.1:${port}/mesh: nobody listens there`);
    expect(failure).not.toContain("secret");
  });

  test("gives a server up that never answers", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    closers.push(() => silent.close().closeAllConnections());
    await new Promise((resolve) => silent.once("listening", resolve));
    const { port } = silent.address() as AddressInfo;
    expect(await dial({ address: `ws://127.0.0.1:${port}/` }, 200)).toContain("no connection came about within 0.2 s");
  });

  /** A proxy that leads every CONNECT to one port of this machine; or says no, or nothing. */
  async function proxy(answer: "connect" | "refuse" | "silent", toPort: number) {
    const asked: string[] = [];
    const open = new Set<Socket>();
    const front = createServer();
    front.on("connection", (socket) => open.add(socket.on("error", () => {}).once("close", () => open.delete(socket))));
    front.on("connect", ({ url = "", headers }: IncomingMessage, socket: Socket) => {
      asked.push(`${url} ${headers["proxy-authorization"] ?? ""}`.trim());
      if (answer === "refuse") return void socket.resume().end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
      if (answer === "silent") return void socket.resume().once("end", () => socket.end());
      const far = connect(toPort, "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n")).on("error", () => {});
      far.pipe(socket).pipe(far);
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    closers.push(() => front.close().closeAllConnections());
    for (const name of ["HTTP_PROXY", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"]) vi.stubEnv(name, "");
    vi.stubEnv("http_proxy", `http://user:pass@127.0.0.1:${(front.address() as AddressInfo).port}`);
    return { asked, open };
  }

  test("goes through the proxy the environment names", async () => {
    const { requests, port } = await server();
    const { asked } = await proxy("connect", port);
    const came = await dialled({ address: "ws://hub.example:2222/mesh" });
    expect(came.messages).toEqual(["first", "second"]);
    expect(asked).toEqual([`hub.example:2222 Basic ${btoa("user:pass")}`]);
    expect(requests[0]?.headers).toMatchObject({ host: "hub.example:2222", origin: "http://hub.example:2222" });
  });

  test("asks no proxy for this machine, or for what NO_PROXY names", async () => {
    const { port } = await server();
    const { asked } = await proxy("connect", port);
    await dialled({ address: `ws://127.0.0.1:${port}/` });
    vi.stubEnv("no_proxy", "hub.invalid");
    expect(await dial({ address: "ws://hub.invalid:2222/" })).toEqual(expect.any(String));
    expect(asked).toEqual([]);
  });

  test("a proxy that says no, or nothing, is a failure that leaves nothing behind", async () => {
    const { port } = await server();
    const no = await proxy("refuse", port);
    expect(await dial({ address: "ws://hub.example:2222/" })).toContain("403");
    const silent = await proxy("silent", port);
    const failure = await dial({ address: "ws://hub.example:2222/" }, 300);
    expect(failure).toContain("no connection came about within 0.3 s");
    expect(failure).not.toContain("pass");
    await eventually(() => no.open.size + silent.open.size === 0, "the connections to the proxies to go");
  });
});
