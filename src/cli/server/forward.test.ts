import { once } from "node:events";
import { createServer, get, globalAgent, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcp, type Server as TcpServer } from "node:net";
import { stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { type CliSession, loggedIn, type Said } from "../../../test/kit/cli-session.ts";
import { type TestServer, testServer } from "../../../test/kit/server.ts";
import { type TempFolder, tempFolder } from "../../../test/kit/temp-folder.ts";
import { openWebSocket, messagesOf } from "./web-socket.ts";

let folder: TempFolder;
let server: TestServer;
let session: CliSession;
let page: Server;
let shout: TcpServer;
const megabyte = Buffer.alloc(1_048_576, "0123456789abcdef");

beforeAll(async () => {
  folder = await tempFolder();
  server = await testServer();
  page = createServer((request, response) => {
    if (request.url === "/large") for (let n = 0; n < 8; n++) response.write(megabyte);
    response.end(`page ${request.url}`);
  });
  const sockets = new WebSocketServer({ server: page });
  sockets.on("connection", (socket) => socket.on("message", (data: Buffer) => socket.send(`heard ${data.toString()}`)));
  shout = createTcp({ allowHalfOpen: true }, (socket) => {
    let heard = "";
    socket.on("data", (chunk) => (heard += chunk.toString())).on("error", () => {});
    socket.on("end", () => socket.end(heard.toUpperCase()));
  });
  const ports = await Promise.all([page, shout].map(portOf));
  await server.worker("shed", [], {
    shell: { enabled: false, command: "", level: "admin" },
    tcpServices: () => ({
      page: { host: "127.0.0.1", port: ports[0] as number, level: "operate" },
      shout: { host: "127.0.0.1", port: ports[1] as number, level: "operate" },
      nobody: { host: "127.0.0.1", port: 1, level: "operate" },
    }),
  });
  session = await loggedIn(server, folder.path);
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  page?.close();
  page?.closeAllConnections();
  shout?.close();
  await folder?.[Symbol.asyncDispose]();
});

async function portOf(listener: Server | TcpServer): Promise<number> {
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return (listener.address() as AddressInfo).port;
}

/** Each is ended behind its test. */
const running: Promise<Said>[] = [];
afterEach(async () => {
  await interrupted();
});

/** Ctrl-C. @returns what each of those that run ended with. */
async function interrupted(): Promise<number[]> {
  if (running.length > 0) process.emit("SIGINT");
  return (await Promise.all(running.splice(0))).map(({ exit }) => exit);
}

/** `farhand forward` until it says where it listens. */ function forwarded(...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const say = (line: string): void => {
      const [address, ...rest] = line.split(" ");
      if (rest.includes("now;")) resolve(address as string);
    };
    const said = session.farhandOn({ say }, "forward", "shed", ...words);
    said.then(({ exit }) => reject(new Error(`it ended with ${exit}`))).catch(reject);
    running.push(said);
  });
}

async function got(url: string): Promise<string> {
  const [answer] = await once(get(url, { agent: false }), "response");
  return await text(answer);
}

describe("farhand forward", () => {
  test("reaches a page of a worker that has no open port, and its WebSockets", async () => {
    const address = await forwarded("page");
    expect(await got(`http://${address}/status`)).toBe("page /status");
    const webSocket = await openWebSocket(
      new URL(`ws://${address}/live`),
      globalAgent,
      {},
      AbortSignal.timeout(60_000),
    );
    webSocket.send("you");
    const first = await messagesOf(webSocket, AbortSignal.timeout(60_000)).next();
    expect(first.value?.data.toString()).toBe("heard you");
    webSocket.terminate();
    expect(await interrupted()).toEqual([130]);
    await expect(got(`http://${address}/status`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("carries every byte of many connections at once", async () => {
    const address = await forwarded("page");
    const pages = await Promise.all([1, 2, 3, 4].map(() => got(`http://${address}/large`)));
    const whole = `${megabyte.toString().repeat(8)}page /large`;
    expect(pages.every((each) => each === whole)).toBe(true);
  });

  test("keeps one direction open when the other one has ended", async () => {
    const path = folder.file("shout.sock");
    expect(await forwarded("shout", "--listen", `unix:${path}`)).toBe(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    const socket = connect(path);
    socket.end("over there");
    expect(await text(socket)).toBe("OVER THERE");
  });

  test("--stdio joins what is typed and what comes back", async () => {
    const stdin = (async function* () {
      yield Buffer.from("a proxy");
      yield Buffer.from(" command");
    })();
    expect(await session.farhandOn({ stdin }, "forward", "shed", "shout", "--stdio")).toMatchObject({
      exit: 0,
      out: "A PROXY COMMAND",
    });
  });

  test.each([
    [["shed", "safe"], /no such service/],
    [["shed", "nobody"], /does not answer/],
    [["barn", "page"], /worker/],
    [["shed", "page", "--listen", "here"], /--listen here: it is PORT, HOST:PORT or unix:PATH/],
    [["shed", "page", "--listen", "192.0.2.1:80"], /cannot listen here/],
  ])("%j: says why not, before anybody is let in", async (words, why) => {
    const { exit, err, out } = await session.farhand("forward", ...words);
    expect({ exit: exit > 0, out, err: err.join("\n") }).toEqual({
      ...{ exit: true, out: "" },
      err: expect.stringMatching(why) as string,
    });
  });
});
